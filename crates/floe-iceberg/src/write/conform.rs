//! Engine columns to file columns: field ids added, strings that stand for UUIDs made bytes again.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, ListArray, MapArray, RecordBatch, StructArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::util::display::FormatOptions;
use arrow_schema::{DataType, Field, SchemaRef};
use floe_base::{Error, Kind, Result};
use iceberg::spec::Schema;
use uuid::Uuid;

use crate::arrow_schema::file_schema;

/// Turns batches of the engine into batches as they are written.
pub(super) struct Conform {
    schema: SchemaRef,
}

impl Conform {
    pub(super) fn new(schema: &Schema) -> Self {
        Self { schema: file_schema(schema) }
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// # Errors
    /// `NOT_NULL_ASSERT_VIOLATION` for a null where the table allows none (Spark 4.1).
    pub(super) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        if batch.num_columns() != self.schema.fields().len() {
            return Err(Error::internal(format!(
                "{} columns are written into a table of {}",
                batch.num_columns(),
                self.schema.fields().len()
            )));
        }
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (column, field) in batch.columns().iter().zip(self.schema.fields()) {
            if !field.is_nullable() && column.null_count() > 0 {
                return Err(Error::new(Kind::Runtime, "NOT_NULL_ASSERT_VIOLATION")
                    .with("walkedTypePath", format!("\n{}\n", field.name())));
            }
            columns.push(conform(column, field)?);
        }
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

fn conform(array: &ArrayRef, to: &Field) -> Result<ArrayRef> {
    if array.data_type() == to.data_type() {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to.data_type()) {
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let from = array.as_struct();
            if from.num_columns() != fields.len() {
                return Err(Error::internal(format!("a struct of another shape is written into `{}`", to.name())));
            }
            let children: Result<Vec<ArrayRef>> =
                from.columns().iter().zip(fields).map(|(child, field)| conform(child, field)).collect();
            let made = StructArray::try_new(fields.clone(), children?, from.nulls().cloned())?;
            Ok(Arc::new(made))
        }
        (DataType::List(_), DataType::List(element)) => {
            let from = array.as_list::<i32>();
            let values = conform(from.values(), element)?;
            let made = ListArray::try_new(Arc::clone(element), from.offsets().clone(), values, from.nulls().cloned())?;
            Ok(Arc::new(made))
        }
        (DataType::Map(_, _), DataType::Map(entries, sorted)) => {
            let from = array.as_map();
            let inner: ArrayRef = Arc::new(from.entries().clone());
            let entries_array = conform(&inner, entries)?;
            let made = MapArray::try_new(
                Arc::clone(entries),
                from.offsets().clone(),
                entries_array.as_struct().clone(),
                from.nulls().cloned(),
                *sorted,
            )?;
            Ok(Arc::new(made))
        }
        (DataType::Utf8, DataType::FixedSizeBinary(16)) => uuids(array, to),
        _ => {
            let options = CastOptions { safe: false, format_options: FormatOptions::default() };
            Ok(cast_with_options(array, to.data_type(), &options)?)
        }
    }
}

fn uuids(array: &ArrayRef, to: &Field) -> Result<ArrayRef> {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(array.len(), 16);
    for text in array.as_string::<i32>() {
        let Some(text) = text else {
            builder.append_null();
            continue;
        };
        let uuid = Uuid::parse_str(text).map_err(|error| {
            Error::message(Kind::Runtime, format!("value '{text}' for column `{}` is no UUID: {error}", to.name()))
        })?;
        builder.append_value(uuid.as_bytes())?;
    }
    Ok(Arc::new(builder.finish()))
}
