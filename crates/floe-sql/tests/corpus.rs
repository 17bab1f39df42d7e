//! Spark's verdict on some 2,200 statements, replayed: what it takes we take, what it refuses we refuse with the same
//! condition at the same place. The verdicts are written by `corpus/Record.java`, which asks Spark's own parser.
//!
//! What differs on purpose is listed in `corpus/differences.txt`, one statement a line with the reason; everything else
//! must agree. With `CORPUS_SHOW=1` all differences are printed, not only the first hundred.

use std::collections::HashMap;
use std::path::PathBuf;

use floe_base::error::{Kind, position};
use floe_base::origin::{Origin, SqlSource};
use floe_base::{Error, Result};

#[test]
fn queries_agree_with_spark() {
    check("queries.txt", statement);
}

#[test]
fn expressions_agree_with_spark() {
    check("expressions.txt", |text| floe_sql::parse_expression(&SqlSource::new(text)).map(drop));
}

#[test]
fn types_agree_with_spark() {
    check("types.txt", |text| floe_sql::parse_data_type(text).map(drop));
}

#[test]
fn writes_agree_with_spark() {
    check("dml.txt", statement);
}

#[test]
fn definitions_agree_with_spark() {
    check("tables.txt", statement);
}

#[test]
fn commands_agree_with_spark() {
    check("commands.txt", statement);
}

#[test]
fn icebergs_extensions_agree_with_spark() {
    check("iceberg.txt", statement);
}

#[test]
fn names_that_are_keywords_agree_with_spark() {
    check("names.txt", statement);
}

#[test]
fn statements_of_people_and_tools_agree_with_spark() {
    check("real.txt", statement);
}

fn statement(text: &str) -> Result<()> {
    floe_sql::parse_statement(&SqlSource::new(text)).map(drop)
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

#[track_caller]
fn check(file: &str, parse: impl Fn(&str) -> Result<()>) {
    let text = std::fs::read_to_string(folder().join(file)).expect("a corpus file");
    let known = differences();
    let mut wrong = Vec::new();
    let mut total = 0;
    for entry in format!("\n{text}").split("\n=== ").skip(1) {
        let (verdict, statement) = entry.split_once('\n').unwrap_or((entry, ""));
        let statement = statement.trim_end_matches('\n');
        total += 1;
        let found = shown(parse(statement), statement);
        let expected = known.get(&statement.replace('\n', "¶")).map_or(verdict, |ours| ours.as_str());
        if !agrees(&found, expected) {
            wrong.push(format!(">> {statement}\n  spark: {verdict}\n  ours:  {found}"));
        }
    }
    let most = if std::env::var("CORPUS_SHOW").is_ok() { usize::MAX } else { 100 };
    let report: Vec<_> = wrong.iter().take(most).cloned().collect();
    assert!(wrong.is_empty(), "{} of {total} differ in {file}\n{}", wrong.len(), report.join("\n"));
}

/// What we do otherwise on purpose: `statement <TAB> our verdict`, comments in between.
fn differences() -> HashMap<String, String> {
    let text = std::fs::read_to_string(folder().join("differences.txt")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('\t')).map(|(text, ours)| (text.into(), ours.into())).collect()
}

/// A statement that we only know by name is one that parses.
fn shown(result: Result<()>, statement: &str) -> String {
    let Err(error) = result else { return "ok".into() };
    if error.kind() == Kind::Unsupported {
        return "ok".into();
    }
    let place = place(&error, statement);
    if error.condition().is_empty() || error.condition().starts_with("_LEGACY_") {
        return format!("- {place} {{{}}}", error.sentence().replace('\n', "\\n"));
    }
    let mut parameters: Vec<_> = error.parameters().iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.sort();
    format!("{} {place} {{{}}}", error.condition(), parameters.join(", ").replace('\n', "\\n"))
}

fn place(error: &Error, statement: &str) -> String {
    match error.origin() {
        Origin::Sql { source, start, .. } if &*source.text == statement => {
            let (line, column) = position(&source.text, *start as usize);
            format!("{line}:{column}")
        }
        _ => "-".into(),
    }
}

/// Of Iceberg's extensions only that they are refused is known, not how.
fn agrees(found: &str, expected: &str) -> bool {
    found == expected || (expected == "refused" && found != "ok")
}
