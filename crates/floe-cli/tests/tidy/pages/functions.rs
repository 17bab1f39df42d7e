//! `functions.md`: every function, where it may run, and what its cases of the truth corpus say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use floe_functions::{Function, FunctionKind};

use super::{cell, head};
use crate::{read, texts};

#[path = "../../../../floe-engine/tests/slt/script.rs"]
#[expect(dead_code, reason = "the corpus' own reader; answers are not looked at here")]
mod script;

/// How many cases call a function, and what became of them.
#[derive(Clone, Copy, Default)]
struct Cases {
    all: usize,
    /// On DataFusion: those that do not give Spark's answer yet.
    open: usize,
    on_duckdb: OnDuckDb,
}

/// What the cases show of DuckDB: `tests/slt/duckdb.txt`, which the corpus' runner writes.
#[derive(Clone, Copy, Default)]
struct OnDuckDb {
    native: usize,
    called: usize,
    elsewhere: usize,
    refused: usize,
}

pub(super) fn page() -> String {
    let mut families: BTreeMap<&str, Vec<&Function>> = BTreeMap::new();
    for (family, function) in floe_functions::all() {
        families.entry(family).or_default().push(function);
    }
    let cases = cases();
    let mut page = head(
        "Functions",
        "Where a function runs is what its cases of the [truth corpus](../../tests/README.md) show, run on both engines\n(a case counts for every function in it; operators are not counted).\n\n*On DataFusion*: `same` where all cases give the recorded answer of Spark 4.1.4, else how many do not yet.\n\n*On DuckDB*, of the cases that give Spark's answer there: `native` where DuckDB computes the function itself,\n`called back` where it has this process compute it, row for row as on DataFusion\n([why](../decisions/0005-foreign-expressions.md)), both where it depends on the types; `raises` where a value\nraised and DataFusion gave the answer; `refused` with the number of cases that DuckDB does not take. Nothing is\nsaid of functions that never come to it: constants, and calls that are written as others before.",
    );
    for (family, mut functions) in families {
        functions.sort_by_key(|function| function.name);
        let _ = writeln!(page, "\n## {family}\n");
        page += "| function | kind | on DataFusion | on DuckDB | what it does |\n|---|---|---|---|---|\n";
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
    let counted = names.filter_map(|name| cases.get(*name)).fold(Cases::default(), sum);
    let answers = match counted {
        _ if !is_word(function.name) => String::new(),
        Cases { all: 0, .. } => "no case".into(),
        Cases { open: 0, .. } => "same".into(),
        Cases { open, .. } => format!("{open} open"),
    };
    let duckdb = counted.on_duckdb.shown();
    // A usage starts with the call itself.
    let usage = function.usage.split_once(" - ").map_or(function.usage, |(_, what)| what);
    let (shown, usage) = (shown.join(", "), cell(usage));
    let _ = writeln!(page, "| {shown} | {kind} | {answers} | {duckdb} | {usage} |");
}

fn sum(one: Cases, other: &Cases) -> Cases {
    let (a, b) = (one.on_duckdb, other.on_duckdb);
    Cases {
        all: one.all + other.all,
        open: one.open + other.open,
        on_duckdb: OnDuckDb {
            native: a.native + b.native,
            called: a.called + b.called,
            elsewhere: a.elsewhere + b.elsewhere,
            refused: a.refused + b.refused,
        },
    }
}

impl OnDuckDb {
    fn shown(self) -> String {
        let mut ways: Vec<String> = Vec::new();
        ways.extend((self.native > 0).then(|| "native".into()));
        ways.extend((self.called > 0).then(|| "called back".into()));
        ways.extend((ways.is_empty() && self.elsewhere > 0).then(|| "raises".into()));
        ways.extend((self.refused > 0).then(|| format!("{} refused", self.refused)));
        ways.join(", ")
    }
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
            for name in block.called() {
                let cases = counted.entry(name).or_default();
                cases.all += 1;
                cases.open += usize::from(is_open);
            }
        }
    }
    let evidence = read("tests/slt/duckdb.txt").expect("the evidence from DuckDB is there");
    for line in evidence.lines().filter(|line| !line.starts_with('#')) {
        let (name, counts) = line.split_once(' ').expect("a line begins with a function");
        counted.entry(name.into()).or_default().on_duckdb = on_duckdb(counts);
    }
    counted
}

/// `native=3 called=1 …`
fn on_duckdb(counts: &str) -> OnDuckDb {
    let of = |key: &str| {
        let found = counts.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        found.and_then(|number| number.parse().ok()).expect("the evidence counts every way")
    };
    OnDuckDb { native: of("native"), called: of("called"), elsewhere: of("elsewhere"), refused: of("refused") }
}
