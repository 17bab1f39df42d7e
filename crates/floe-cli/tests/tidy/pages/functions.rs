//! `functions.md`: every function, where it may run, and what its cases of the truth corpus say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use floe_functions::{Function, FunctionKind};

use super::{cell, head};
use crate::{read, texts};

#[path = "../../../../floe-engine/tests/slt/script.rs"]
#[expect(dead_code, unreachable_pub, reason = "the corpus' own reader; answers are not looked at here")]
mod script;

/// How many cases call a function, and how many of those do not give Spark's answer yet.
#[derive(Clone, Copy, Default)]
struct Cases {
    all: usize,
    open: usize,
}

pub(super) fn page() -> String {
    let mut families: BTreeMap<&str, Vec<&Function>> = BTreeMap::new();
    for (family, function) in floe_functions::all() {
        families.entry(family).or_default().push(function);
    }
    let cases = cases();
    let mut page = head(
        "Functions",
        "A function may run where its declaration says, and only there.\n\
         *Spark's answers* counts the cases of the [truth corpus](../../tests/README.md) that call it:\n\
         `same` where all of them give the recorded answer of Spark 4.1.4, else how many do not yet\n\
         (a case counts for every function in it; operators are not counted).",
    );
    for (family, mut functions) in families {
        functions.sort_by_key(|function| function.name);
        let _ = writeln!(page, "\n## {family}\n");
        page += "| function | kind | may run on | Spark's answers | what it does |\n|---|---|---|---|---|\n";
        for function in functions {
            line(&mut page, function, &cases);
        }
    }
    page += "\n## Not here\n\nSpark 4.1 has these functions too; a call of one is refused by its name.\n\n";
    let names: Vec<String> = floe_functions::absent().map(|name| format!("`{name}`")).collect();
    let _ = writeln!(page, "{}", names.join(", "));
    page
}

fn line(page: &mut String, function: &Function, cases: &BTreeMap<String, Cases>) {
    let names = std::iter::once(&function.name).chain(function.aliases);
    let shown: Vec<String> = names.clone().map(|name| format!("`{}`", cell(name))).collect();
    let kind = match function.kind {
        FunctionKind::Scalar => "scalar",
        FunctionKind::Aggregate => "aggregate",
        FunctionKind::Window => "window",
        FunctionKind::Generator => "generator",
    };
    let backends: Vec<&str> = function.backends.iter().map(|backend| backend.name()).collect();
    let counted = names
        .filter_map(|name| cases.get(*name))
        .fold(Cases::default(), |sum, of| Cases { all: sum.all + of.all, open: sum.open + of.open });
    let answers = match counted {
        _ if !is_word(function.name) => String::new(),
        Cases { all: 0, .. } => "no case".into(),
        Cases { open: 0, .. } => "same".into(),
        Cases { open, .. } => format!("{open} open"),
    };
    // A usage starts with the call itself.
    let usage = function.usage.split_once(" - ").map_or(function.usage, |(_, what)| what);
    let (shown, backends, usage) = (shown.join(", "), backends.join(", "), cell(usage));
    let _ = writeln!(page, "| {shown} | {kind} | {backends} | {answers} | {usage} |");
}

fn is_word(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// The cases by the functions they call.
fn cases() -> BTreeMap<String, Cases> {
    let list = read("tests/slt/open.txt").expect("the list of open cases is there");
    let open: BTreeSet<&str> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    let mut counted: BTreeMap<String, Cases> = BTreeMap::new();
    for (path, text) in texts("slt") {
        let file = path.strip_prefix("tests/slt/").expect("the corpus is in its folder");
        for block in script::blocks(&text) {
            let is_open = open.contains(format!("{file}:{}", block.line).as_str());
            for name in called(&block.sql) {
                let cases = counted.entry(name).or_default();
                cases.all += 1;
                cases.open += usize::from(is_open);
            }
        }
    }
    counted
}

/// The words before an opening parenthesis, in lower case.
fn called(sql: &str) -> BTreeSet<String> {
    let words = sql.match_indices('(').filter_map(|(at, _)| {
        let before = &sql[..at];
        before.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next()
    });
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}
