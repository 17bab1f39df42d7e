//! The cases that are known not to pass: `tests/slt/open.txt`, written by the runner.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::{Outcome, Verdict};

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/slt/open.txt")
}

/// Counts what is not as the list says; prints each. With `FLOE_SLT_OPEN=write` the list is written instead.
pub(crate) fn judge(outcomes: &[Outcome], partial: bool) -> usize {
    if std::env::var("FLOE_SLT_OPEN").is_ok_and(|wish| wish == "write") && !partial {
        std::fs::write(path(), list(outcomes)).expect("the list can be written");
        return 0;
    }
    let known = known();
    let mut failed = 0;
    for outcome in outcomes {
        let is_known = known.contains(&outcome.place);
        match &outcome.verdict {
            Verdict::Same if is_known => {
                failed += 1;
                println!("PASSES NOW {}: write the list anew", outcome.place);
            }
            Verdict::Same => {}
            verdict => {
                if !is_known {
                    failed += 1;
                }
                if !is_known || partial {
                    println!("{}{}\n", outcome.place, shown(verdict));
                }
            }
        }
    }
    failed
}

/// The places on the list.
fn known() -> Vec<String> {
    std::fs::read_to_string(path())
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next().map(str::to_string))
        .collect()
}

/// Counts and prints the answers of another backend that differ; a refusal is none, and what is on the list is known.
pub(crate) fn judge_elsewhere(outcomes: &[Outcome]) -> usize {
    let known = known();
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut failed = 0;
    for outcome in outcomes {
        match &outcome.verdict {
            Verdict::Same => {}
            Verdict::Refused(what) => *refused.entry(what.clone()).or_default() += 1,
            verdict if !known.contains(&outcome.place) => {
                failed += 1;
                println!("{}{}\n", outcome.place, shown(verdict));
            }
            Verdict::Different { .. } => {}
        }
    }
    let mut refused: Vec<(usize, String)> = refused.into_iter().map(|(what, count)| (count, what)).collect();
    refused.sort_by(|left, right| right.cmp(left));
    refused.iter().for_each(|(count, what)| println!("refused {count} times: {what}"));
    failed
}

fn shown(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Same => String::new(),
        Verdict::Refused(what) => format!(" refused: {what}"),
        Verdict::Different { expected, found } => format!("\n  expected: {expected}\n  found:    {found}"),
    }
}

fn list(outcomes: &[Outcome]) -> String {
    let mut text = String::from("# Cases that do not give Spark's answer yet. Written by the runner, never by hand.\n");
    for outcome in outcomes {
        let what = match &outcome.verdict {
            Verdict::Same => continue,
            Verdict::Refused(what) => format!("refused: {}", what.split(" is not supported").next().unwrap_or(what)),
            Verdict::Different { found, .. } => format!("different: {}", found.lines().next().unwrap_or_default()),
        };
        let _ = writeln!(text, "{} {}", outcome.place, what.replace('\n', " "));
    }
    let mut areas: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for outcome in outcomes {
        let area = areas.entry(outcome.place.split('/').next().unwrap_or_default()).or_default();
        area.1 += 1;
        area.0 += usize::from(matches!(outcome.verdict, Verdict::Same));
    }
    for (area, (same, all)) in areas {
        let _ = writeln!(text, "# {area}: {same} of {all}");
    }
    text
}
