//! `connect.md`: which messages of Spark Connect are understood, from the decoder's own lists.

use std::fmt::Write as _;

use super::{cell, head};
use crate::read;

/// A heading, the file with the list, and how its lines name a message.
const LISTS: &[(&str, &str, &str)] = &[
    ("Relations", "decode/relation.rs", "RelType::"),
    ("Commands", "decode/command.rs", "CommandType::"),
    ("Calls of `spark.catalog`", "decode/catalog.rs", "CatType::"),
    ("Questions about a plan (`AnalyzePlan`)", "handlers/analyze_plan.rs", "Analyze::"),
];

pub(super) fn page() -> String {
    let mut page = head(
        "Spark Connect",
        "Clients from 3.5 to 4.3 are understood; messages have the names of the protocol.\n\
         What is refused is refused by name; most of it needs a JVM, a Python worker or a stream.",
    );
    for (title, file, mark) in LISTS {
        let source = read(format!("crates/floe-connect/src/{file}")).expect("the decoder is there");
        let _ = writeln!(page, "\n## {title}\n");
        let (taken, refused): (Vec<_>, Vec<_>) =
            messages(&source, mark).into_iter().partition(|(_, why)| why.is_none());
        assert!(!taken.is_empty(), "{file} names no message by {mark}");
        let names: Vec<String> = taken.into_iter().map(|(name, _)| format!("`{name}`")).collect();
        let _ = writeln!(page, "{}.", names.join(", "));
        if !refused.is_empty() {
            page += "\n| refused | as |\n|---|---|\n";
        }
        for (name, why) in refused {
            let _ = writeln!(page, "| `{name}` | {} |", cell(&why.unwrap_or_default()));
        }
    }
    page
}

/// The arms of the match: each message with what it is refused as, if it is.
fn messages(source: &str, mark: &str) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in source.lines() {
        let arm = line.trim().strip_prefix(mark).filter(|rest| rest.contains("=>"));
        match arm.and_then(|rest| Some((rest.split(['(', ' ']).next()?, rest.split_once("=>")?.1))) {
            Some((name, body)) => found.push((name.to_string(), body.to_string())),
            None if line.trim() == "}" && !line.starts_with("        ") => break_off(&mut found),
            None => found.last_mut().into_iter().for_each(|(_, body)| body.push_str(line)),
        }
    }
    // `Unknown` is how the generated code spells a message newer than this server.
    let known = found.into_iter().filter(|(name, _)| name != "Unknown" && name != "Extension" && !name.is_empty());
    known.map(|(name, body)| (name, refusal(&body))).collect()
}

/// After the match come other functions; what they say belongs to no message.
fn break_off(found: &mut Vec<(String, String)>) {
    if !found.is_empty() {
        found.push((String::new(), String::new()));
    }
}

/// The text in `unsupported("…")`.
fn refusal(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("unsupported(")?;
    let text = rest.split('"').nth(1)?;
    Some(text.split(" `{").next().unwrap_or(text).replace(" {}", ""))
}
