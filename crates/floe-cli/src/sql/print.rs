//! Rows for people and programs: a table, CSV, JSON.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::csv::WriterBuilder;
use arrow::json::LineDelimitedWriter;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use comfy_table::{ContentArrangement, Table, presets};
use floe_base::{Error, Result};

use crate::flags::io;

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    Table,
    Csv,
    Json,
}

impl Output {
    pub(crate) fn parse(name: &str) -> Self {
        match name {
            "csv" => Self::Csv,
            "json" => Self::Json,
            _ => Self::Table,
        }
    }

    /// Prints all rows; a result without columns prints nothing.
    pub(crate) fn print(self, rows: &RecordBatch) -> Result<()> {
        if rows.num_columns() == 0 {
            return Ok(());
        }
        let mut out = std::io::stdout().lock();
        match self {
            Self::Table => writeln!(out, "{}", table(rows)?).map_err(io),
            Self::Csv => {
                let mut writer = WriterBuilder::new().with_header(true).build(&mut out);
                Ok(writer.write(rows).map_err(arrow_error)?)
            }
            Self::Json => {
                let mut writer = LineDelimitedWriter::new(&mut out);
                writer.write(rows).and_then(|()| writer.finish()).map_err(arrow_error)
            }
        }
    }
}

fn table(rows: &RecordBatch) -> Result<Table> {
    let mut table = Table::new();
    table.load_preset(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(rows.schema().fields().iter().map(|field| field.name().clone()));
    let options = FormatOptions::default().with_null("NULL").with_display_error(true);
    let cells =
        rows.columns().iter().map(|column| ArrayFormatter::try_new(column, &options)).collect::<Result<Vec<_>, _>>();
    let cells = cells.map_err(arrow_error)?;
    for row in 0..rows.num_rows() {
        table.add_row(cells.iter().map(|cell| cell.value(row).to_string()));
    }
    Ok(table)
}

fn arrow_error(error: arrow::error::ArrowError) -> Error {
    Error::internal(error.to_string()).caused_by(error)
}
