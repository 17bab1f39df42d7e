//! Rows for people and programs: a table, CSV, JSON.
//!
//! Values of a table and of CSV are text as Spark's `show` prints them; NULL is an empty cell in CSV. JSON keeps types:
//! one object a line, every column in it.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::csv::WriterBuilder;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::json::writer::{LineDelimited, WriterBuilder as JsonBuilder};
use clap::ArgMatches;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use floe_base::{Error, Result};
use floe_engine::Session;
use indicatif::ProgressBar;

use crate::flags::io;

/// Rows a table shows; nobody reads more, and laying them out takes all of them at once.
const TABLE_ROWS_MAX: usize = 1_000;

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Table,
    Csv,
    Json,
}

impl Output {
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        match matches.get_one::<String>("output").map_or("table", String::as_str) {
            "csv" => Self::Csv,
            "json" => Self::Json,
            _ => Self::Table,
        }
    }
}

/// Prints the rows of one statement, batch by batch.
pub(super) struct Printer<'a> {
    output: Output,
    session: &'a Session,
    schema: SchemaRef,
    bar: &'a ProgressBar,
    table: Table,
    rows: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(output: Output, session: &'a Session, schema: SchemaRef, bar: &'a ProgressBar) -> Self {
        let table = table(&schema);
        Self { output, session, schema, bar, table, rows: 0 }
    }

    /// Takes a batch; false when no more are wanted.
    pub(super) fn push(&mut self, rows: RecordBatch) -> Result<bool> {
        if self.schema.fields().is_empty() || rows.num_rows() == 0 {
            return Ok(true);
        }
        let is_first = self.rows == 0;
        self.rows += rows.num_rows();
        self.bar.set_message(format!("{} rows", self.rows));
        if self.output != Output::Table && std::io::stdout().is_terminal() {
            self.bar.finish_and_clear();
        }
        let mut out = std::io::stdout().lock();
        match self.output {
            Output::Table => {
                self.lay_out(&rows)?;
                return Ok(self.rows <= TABLE_ROWS_MAX);
            }
            Output::Csv => {
                let mut writer = WriterBuilder::new().with_header(is_first).build(&mut out);
                writer.write(&self.cells(&rows)?).map_err(arrow_error)?;
            }
            Output::Json => {
                let mut writer = JsonBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut out);
                writer.write(&rows).and_then(|()| writer.finish()).map_err(arrow_error)?;
            }
        }
        Ok(true)
    }

    /// Prints what is left; the number of rows, where the statement has columns.
    pub(super) fn finish(self) -> Result<Option<usize>> {
        self.bar.finish_and_clear();
        if self.schema.fields().is_empty() {
            return Ok(None);
        }
        let mut out = std::io::stdout().lock();
        match self.output {
            Output::Table => {
                writeln!(out, "{}", self.table).map_err(io)?;
                if self.rows > TABLE_ROWS_MAX {
                    writeln!(out, "The first {TABLE_ROWS_MAX} rows; --output csv prints all of them.").map_err(io)?;
                }
            }
            Output::Csv if self.rows == 0 => {
                let none = self.cells(&RecordBatch::new_empty(self.schema.clone()))?;
                WriterBuilder::new().with_header(true).build(&mut out).write(&none).map_err(arrow_error)?;
            }
            Output::Csv | Output::Json => {}
        }
        Ok(Some(self.rows))
    }

    fn lay_out(&mut self, rows: &RecordBatch) -> Result<()> {
        let cells = self.session.shown(rows)?;
        let room = TABLE_ROWS_MAX.saturating_sub(self.table.row_count());
        for row in 0..rows.num_rows().min(room) {
            self.table.add_row(cells.iter().map(|cell| cell.value(row)));
        }
        Ok(())
    }

    /// The rows as texts, NULL where they are NULL.
    fn cells(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let texts = self.session.shown(rows)?;
        let cells = texts.iter().zip(rows.columns()).map(|(text, column)| {
            let nulls = column.logical_nulls();
            let is_null = |row: usize| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let cells = text.iter().enumerate().map(|(row, cell)| cell.filter(|_| !is_null(row)));
            Arc::new(cells.collect::<StringArray>()) as ArrayRef
        });
        let fields = self.schema.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        RecordBatch::try_new(schema, cells.collect()).map_err(arrow_error)
    }
}

/// A table with its header; numbers stand to the right.
fn table(schema: &Schema) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(schema.fields().iter().map(|field| field.name()));
    for (column, field) in table.column_iter_mut().zip(schema.fields()) {
        if field.data_type().is_numeric() {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn arrow_error(error: arrow::error::ArrowError) -> Error {
    Error::internal(error.to_string()).caused_by(error)
}
