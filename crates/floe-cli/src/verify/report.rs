//! What is printed: for people one line a query with what differs below it, for machines one JSON object a line.

use std::io::Write;

use floe_base::Result;
use floe_engine::compare::Left;
use serde_json::{Value, json};

use super::queries::Query;
use super::{Checked, Difference, Verdict};
use crate::flags::io;

/// Prints as it goes, and counts.
pub(super) struct Report {
    sides: [String; 2],
    json: bool,
    same: usize,
    different: usize,
    refused: usize,
    warnings: usize,
}

impl Report {
    pub(super) fn new(sides: &[String; 2], json: bool) -> Self {
        Self { sides: sides.clone(), json, same: 0, different: 0, refused: 0, warnings: 0 }
    }

    pub(super) fn add(&mut self, query: &Query, checked: &Checked) -> Result<()> {
        match &checked.verdict {
            Verdict::Same { .. } => self.same += 1,
            Verdict::Different(_) => self.different += 1,
            Verdict::Refused(_) => self.refused += 1,
        }
        self.warnings += checked.warnings.len();
        let text = if self.json { self.object(query, checked).to_string() } else { self.lines(query, checked) };
        print(&text)
    }

    /// The summary, as the last line.
    pub(super) fn finish(&self) -> Result<()> {
        let Self { sides: [one, other], same, different, refused, warnings, .. } = self;
        let queries = same + different + refused;
        if self.json {
            let object = json!({
                "event": "summary", "on": self.sides, "queries": queries, "same": same, "different": different,
                "refused": refused, "warnings": warnings,
            });
            return print(&object.to_string());
        }
        print(&format!(
            "verify: same={same} different={different} refused={refused} warnings={warnings} of {queries} on {one} and {other}"
        ))
    }

    /// Queries that are not known to be the same, as far as that counts.
    pub(super) fn failed(&self, allow_refused: bool) -> usize {
        self.different + if allow_refused { 0 } else { self.refused }
    }

    fn lines(&self, query: &Query, checked: &Checked) -> String {
        let name = &query.name;
        let mut lines = match &checked.verdict {
            Verdict::Same { rows } => vec![format!("same       {name}: {}", counted(*rows))],
            Verdict::Different(difference) => self.difference(name, difference),
            Verdict::Refused(by) => {
                let by: Vec<String> = by.iter().map(|(side, why)| format!("by {side}: {}", first_line(why))).collect();
                vec![format!("refused    {name}: {}", by.join("; "))]
            }
        };
        lines.extend(checked.warnings.iter().map(|warning| format!("           warning: {warning}")));
        lines.join("\n")
    }

    fn difference(&self, name: &str, difference: &Difference) -> Vec<String> {
        let mut lines = vec![format!("different  {name}: {}", difference.what.join("; "))];
        if difference.rows.iter().any(|rows| !rows.is_empty()) {
            lines.push(format!("             {}", difference.columns.join(" | ")));
        }
        for ((side, sign), rows) in self.sides.iter().zip(["-", "+"]).zip(&difference.rows) {
            for row in rows {
                let times = if row.count > 1 { format!(", {} times", row.count) } else { String::new() };
                // A text with line breaks must not look like several rows.
                let cells: Vec<String> = row.cells.iter().map(|cell| cell.escape_debug().to_string()).collect();
                lines.push(format!("           {sign} {}   (only on {side}{times})", cells.join(" | ")));
            }
        }
        lines
    }

    fn object(&self, query: &Query, checked: &Checked) -> Value {
        let mut object = match &checked.verdict {
            Verdict::Same { rows } => json!({"event": "query", "verdict": "same", "rows": rows}),
            Verdict::Different(difference) => {
                let rows = |rows: &[Left]| -> Vec<Value> {
                    rows.iter().map(|row| json!({"cells": row.cells, "count": row.count})).collect()
                };
                let [left, right] = &difference.rows;
                let [one, other] = &self.sides;
                json!({
                    "event": "query", "verdict": "different", "differences": difference.what,
                    "columns": difference.columns, "only": {one: rows(left), other: rows(right)},
                })
            }
            Verdict::Refused(by) => {
                let by: Vec<Value> = by.iter().map(|(side, why)| json!({"backend": side, "reason": why})).collect();
                json!({"event": "query", "verdict": "refused", "refusals": by})
            }
        };
        object["name"] = query.name.clone().into();
        object["warnings"] = checked.warnings.clone().into();
        object
    }
}

fn counted(rows: u64) -> String {
    if rows == 1 { "1 row".into() } else { format!("{rows} rows") }
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or_default()
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(io)
}
