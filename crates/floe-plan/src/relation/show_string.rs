//! `df.show()`: rows as a table of text, to the letter of Spark 4.1 (`Dataset.showString`).

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field};
use floe_base::Result;
use floe_functions::cast::show;
use floe_syntax::Relation;

use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::Column;

/// A cell is at least this wide.
const WIDTH_MIN: usize = 3;

/// Rows as text, the first of them the header.
pub(crate) struct Shown {
    pub(crate) header: Vec<String>,
    pub(crate) cells: Vec<Vec<String>>,
    pub(crate) has_more: bool,
}

impl Resolver<'_> {
    pub(crate) fn show_string<'t>(
        &self,
        input: &'t Relation,
        rows: i32,
        truncate: i32,
        vertical: bool,
        env: &Env<'t>,
    ) -> Result<Rows> {
        let count = rows.max(0);
        let shown = self.shown(input, count, truncate, env)?;
        let text = if vertical { as_records(&shown, count) } else { as_table(&shown, count, truncate > 0) };
        self.one_text("show_string", text)
    }

    /// One row of one text.
    pub(crate) fn one_text(&self, name: &str, text: String) -> Result<Rows> {
        let column = Column::new(self.fresh(), Field::new(name, DataType::Utf8, false));
        let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
        self.memory(vec![column], vec![(vec![array], 1)])
    }

    /// The first rows of a relation as text. Names are never cut, only values.
    pub(crate) fn shown<'t>(&self, input: &'t Relation, count: i32, truncate: i32, env: &Env<'t>) -> Result<Shown> {
        let rows = self.relation(input, env)?;
        let header: Vec<String> = rows.scope.shown().map(|column| escaped(column.name())).collect();
        let fields: Vec<Arc<Field>> = rows.scope.shown().map(|column| column.field.clone()).collect();
        let batches = self.ask(|| {
            let limited = rows.clone().limit(None, Some(i64::from(count) + 1));
            crate::lower::planned_within(limited, self)
        })?;
        let mut cells: Vec<Vec<String>> = Vec::new();
        for batch in &batches {
            let texts = batch.columns().iter().zip(&fields).map(|(column, field)| show(column, field, self.context));
            let texts = texts.collect::<Result<Vec<StringArray>>>()?;
            for row in 0..batch.num_rows() {
                let cell = |column: &StringArray| {
                    let text = if column.is_null(row) { "NULL" } else { column.value(row) };
                    truncated(&escaped(text), truncate)
                };
                cells.push(texts.iter().map(cell).collect());
            }
        }
        let most = usize::try_from(count).unwrap_or(0);
        let has_more = cells.len() > most;
        cells.truncate(most);
        Ok(Shown { header, cells, has_more })
    }
}

/// Line breaks and their kin as they are typed (Spark's `escapeMetaCharacters`).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{c}' => out.push_str("\\f"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{7}' => out.push_str("\\a"),
            other => out.push(other),
        }
    }
    out
}

fn truncated(text: &str, truncate: i32) -> String {
    let most = usize::try_from(truncate).unwrap_or(0);
    if most == 0 || text.chars().count() <= most {
        return text.to_string();
    }
    if most < 4 {
        return text.chars().take(most).collect();
    }
    text.chars().take(most - 3).chain("...".chars()).collect()
}

fn as_table(shown: &Shown, count: i32, to_the_right: bool) -> String {
    let mut widths: Vec<usize> = vec![WIDTH_MIN; shown.header.len()];
    for row in std::iter::once(&shown.header).chain(&shown.cells) {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(half_width(cell));
        }
    }
    let ruled: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let ruler = format!("+{}+\n", ruled.join("+"));
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            let pad = " ".repeat(width.saturating_sub(half_width(cell)));
            if to_the_right { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
        });
        format!("|{}|\n", cells.collect::<Vec<_>>().join("|"))
    };
    let mut text = format!("{ruler}{}{ruler}", line(&shown.header));
    shown.cells.iter().for_each(|row| text.push_str(&line(row)));
    text.push_str(&ruler);
    text.push_str(&more(shown, count));
    text
}

fn as_records(shown: &Shown, count: i32) -> String {
    let widest =
        |cells: &mut dyn Iterator<Item = &String>| cells.map(|cell| half_width(cell)).fold(WIDTH_MIN, usize::max);
    let name_width = widest(&mut shown.header.iter());
    let data_width = widest(&mut shown.cells.iter().flatten());
    let padded = |cell: &str, width: usize| format!("{cell}{}", " ".repeat(width.saturating_sub(half_width(cell))));
    let mut text = String::new();
    for (number, row) in shown.cells.iter().enumerate() {
        let _ = writeln!(text, "{:-<width$}", format!("-RECORD {number}"), width = name_width + data_width + 5);
        for (name, cell) in shown.header.iter().zip(row) {
            let _ = writeln!(text, " {} | {} ", padded(name, name_width), padded(cell, data_width));
        }
    }
    if shown.cells.is_empty() {
        text.push_str("(0 rows)\n");
    } else {
        text.push_str(&more(shown, count));
    }
    text
}

/// The line that says there are more rows.
pub(crate) fn more(shown: &Shown, count: i32) -> String {
    match (shown.has_more, count) {
        (false, _) => String::new(),
        (true, 1) => "only showing top 1 row\n".into(),
        (true, count) => format!("only showing top {count} rows\n"),
    }
}

/// Columns a text takes on a terminal: wide letters take two (Spark's `Utils.fullWidthRegex`).
fn half_width(text: &str) -> usize {
    let is_wide = |letter: char| {
        matches!(u32::from(letter),
            0x1100..=0x115F | 0x2E80..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF
            | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6)
    };
    text.chars().map(|letter| if is_wide(letter) { 2 } else { 1 }).sum()
}
