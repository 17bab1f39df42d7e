//! Text files: one column, `value` unless a schema names it, one row a line or a file.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::execution::session_state::SessionState;
use floe_base::{Error, Kind, Result};
use floe_syntax::data_type;

use super::lines::{Cut, Lines, Records};
use super::listed::Below;
use super::{listing, only, partition_names, utf8_only, without};

pub(super) fn open(
    below: &Below,
    schema: Option<SchemaRef>,
    options: &[(String, String)],
    state: &SessionState,
) -> Result<Arc<dyn TableProvider>> {
    // The reader of Spark 4.1 takes a compression and does nothing with it: the names of the files say it.
    only("text", options, &["wholetext", "lineSep", "encoding", "compression"])?;
    utf8_only("text", options)?;
    let cut = Cut::of(options, "wholetext")?;
    let value = Arc::new(Schema::new(vec![Field::new("value", DataType::Utf8, true)]));
    let schema = schema.filter(|schema| !schema.fields().is_empty()).unwrap_or(value);
    let schema = without(&schema, &partition_names(below));
    check(&schema)?;
    let format = Lines { name: "text", cut, records: Arc::new(Plain) };
    Ok(listing(Arc::new(format), below, schema, state)?)
}

/// Spark 4.1 `TextFileFormat.verifySchema`, and its types.
fn check(schema: &Schema) -> Result<()> {
    let other = |field: &&Arc<Field>| *field.data_type() != DataType::Utf8;
    if schema.fields().len() != 1 {
        let count = schema.fields().len();
        let text = format!("Text data source supports only a single column, and you have {count} columns.");
        return Err(Error::message(Kind::Analysis, text));
    }
    match schema.fields().iter().find(other) {
        None => Ok(()),
        Some(field) => Err(Error::analysis("UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE")
            .with("format", "Text")
            .with("columnName", format!("`{}`", field.name()))
            .with("columnType", format!("\"{}\"", data_type::DataType::from_arrow(field.data_type()).sql()))),
    }
}

/// A record is the row.
struct Plain;

impl Records for Plain {
    fn rows(&self, records: &StringArray, schema: &Schema) -> Result<RecordBatch> {
        let count = arrow::array::Array::len(records);
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        Ok(RecordBatch::try_new_with_options(Arc::new(schema.clone()), vec![Arc::new(records.clone())], &options)?)
    }
}
