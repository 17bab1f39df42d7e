//! `statements.md`: the SQL statements there are, from the headers of the files that carry them out, and those that are
//! known by name only, from the parser's lists.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{cell, head};
use crate::{read, texts};

pub(super) fn page() -> String {
    let mut page = head(
        "SQL statements",
        "Queries are Spark 4.1's: SELECT with every clause, VALUES, TABLE, set operations, common table expressions\n\
         (recursive ones too), pipes (`|>`), PIVOT, UNPIVOT, LATERAL, windows, time travel.\n\n\
         ## Statements that do something\n",
    );
    page += "| statement | what to know |\n|---|---|\n";
    for (names, note) in carried_out() {
        let _ = writeln!(page, "| {} | {} |", cell(&names), cell(&note));
    }
    page += "\n## Known by name only\n\nThey are refused with `UNSUPPORTED_FEATURE.FLOE`, and nothing is lost.\n\n";
    for name in refused() {
        let _ = writeln!(page, "- `{name}`");
    }
    page
}

/// Names and notes: the first paragraph of each file that is named after a statement.
fn carried_out() -> BTreeSet<(String, String)> {
    let files = texts("rs").into_iter().filter(|(path, _)| path.starts_with("crates/floe-engine/src/command/"));
    files.filter_map(|(_, text)| split(&header(&text))).collect()
}

/// The first paragraph of a file's header.
fn header(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//! "));
    lines.collect::<Vec<_>>().join(" ")
}

/// `` `SHOW TABLES`: tables of a schema. `` in its two parts; `None` where the header does not start with SQL.
fn split(header: &str) -> Option<(String, String)> {
    let is_sql = header.strip_prefix('`').unwrap_or(header).split([' ', '`', ',']).next()?;
    if is_sql.len() < 3 || !is_sql.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return None;
    }
    let (names, note) = header.split_once(": ").unwrap_or((header.trim_end_matches('.'), ""));
    Some((names.to_string(), note.to_string()))
}

/// The parser's phrases for what Spark runs and we do not.
fn refused() -> BTreeSet<String> {
    let source = read("crates/floe-sql/src/parse/unsupported.rs").expect("the parser's list is there");
    let list = source.split_once("const PHRASES").and_then(|(_, rest)| rest.split_once("];")).expect("a list").0;
    let phrases = list.lines().filter_map(|line| line.trim().strip_prefix("&[K::")?.strip_suffix("],"));
    phrases.map(|phrase| phrase.replace(", K::", " ").to_uppercase()).collect()
}
