//! How each function ran on another backend, as its cases show: `tests/slt/duckdb.txt`, written by the runner and never by
//! hand (`FLOE_SLT_BACKEND=duckdb FLOE_SLT_OPEN=write`). The page of functions is made from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::{Outcome, Verdict};

/// How many cases of a function were answered in which way.
#[derive(Clone, Copy, Default)]
struct Counts {
    /// The backend computed it.
    native: usize,
    /// The backend called this process for it.
    called: usize,
    /// A value raised there, and DataFusion gave the answer.
    elsewhere: usize,
    /// It never came to the backend: a constant, a statement, a call that the resolver writes as others.
    before: usize,
    refused: usize,
    different: usize,
}

/// Holds the run against the file, or writes it; counts what is not as the file says.
pub(crate) fn judge(outcomes: &[Outcome]) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/slt/duckdb.txt");
    let text = written(outcomes);
    if std::env::var("FLOE_SLT_OPEN").is_ok_and(|wish| wish == "write") {
        std::fs::write(path, text).expect("the evidence can be written");
        return 0;
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let (kept, found): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), text.lines().collect());
    let new: Vec<&&str> = found.iter().filter(|line| !kept.contains(line)).collect();
    let gone = kept.iter().filter(|line| !found.contains(line)).count();
    new.iter().for_each(|line| println!("RUNS OTHERWISE NOW {line}: write the evidence anew"));
    new.len().max(gone)
}

fn written(outcomes: &[Outcome]) -> String {
    let mut counted: BTreeMap<&str, Counts> = BTreeMap::new();
    let names: Vec<&'static str> = floe_functions::all()
        .flat_map(|(_, function)| std::iter::once(function.name).chain(function.aliases.iter().copied()))
        .collect();
    for outcome in outcomes {
        for name in names.iter().copied().filter(|name| outcome.called.contains(*name)) {
            *way(counted.entry(name).or_default(), outcome, name) += 1;
        }
    }
    let mut text =
        String::from("# How functions run on DuckDB, by their cases. Written by the runner, never by hand.\n");
    for (name, counts) in counted {
        let Counts { native, called, elsewhere, before, refused, different } = counts;
        let _ = writeln!(
            text,
            "{name} native={native} called={called} elsewhere={elsewhere} before={before} refused={refused} \
             different={different}"
        );
    }
    text
}

fn way<'a>(counts: &'a mut Counts, outcome: &Outcome, name: &str) -> &'a mut usize {
    match &outcome.verdict {
        Verdict::Refused(_) => &mut counts.refused,
        Verdict::Different { .. } => &mut counts.different,
        Verdict::Same if outcome.asked_elsewhere => &mut counts.elsewhere,
        Verdict::Same if outcome.ways.is_called(name) => &mut counts.called,
        Verdict::Same if outcome.ways.is_native(name) => &mut counts.native,
        Verdict::Same => &mut counts.before,
    }
}
