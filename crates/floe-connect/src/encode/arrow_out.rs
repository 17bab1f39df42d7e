//! Arrow as Spark sends it.
//!
//! Inside the engine a timestamp with local time zone is in UTC, and a backend may hand out views or dictionaries.
//! Clients expect the session's zone on the type, plain strings, lists of `element`, maps of `entries`, no dictionaries,
//! and a complete IPC stream (schema, batch, end) for each batch.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use arrow_ipc::writer::StreamWriter;
use bytes::Bytes;
use floe_base::{Error, Result};
use floe_syntax::data_type::VARIANT_KEY;

/// How batches of one result leave.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    schema: SchemaRef,
}

impl Outgoing {
    /// For a result in the engine's types, under the session's time zone.
    pub(crate) fn new(inside: &Schema, time_zone: &str) -> Self {
        let zone: Arc<str> = time_zone.into();
        let fields = inside.fields().iter().map(|field| outgoing_field(field, field.name(), &zone));
        Self { schema: Arc::new(Schema::new(fields.collect::<Fields>())) }
    }

    /// One batch as a complete IPC stream.
    ///
    /// # Errors
    /// When a column is not of the result's type: a mistake of ours.
    pub(crate) fn stream(&self, batch: &RecordBatch) -> Result<Bytes> {
        let columns = batch.columns().iter().zip(self.schema.fields()).map(|(column, field)| retyped(column, field));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map_err(mistake)?;
        let mut out = Vec::with_capacity(sliced_bytes(&batch) + 1024);
        let mut writer = StreamWriter::try_new(&mut out, &self.schema).map_err(mistake)?;
        writer.write(&batch).map_err(mistake)?;
        writer.finish().map_err(mistake)?;
        drop(writer);
        Ok(out.into())
    }

    /// A batch without rows: what a result without rows still sends.
    ///
    /// # Errors
    /// As [`Outgoing::stream`].
    pub(crate) fn empty(&self) -> Result<Bytes> {
        self.stream(&RecordBatch::new_empty(self.schema.clone()))
    }
}

/// Bytes a batch really covers: a slice shares the buffers of what it was cut from.
pub(crate) fn sliced_bytes(batch: &RecordBatch) -> usize {
    let of =
        |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size());
    batch.columns().iter().map(of).sum()
}

fn retyped(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if column.data_type() == field.data_type() {
        return Ok(column.clone());
    }
    cast(column, field.data_type()).map_err(mistake)
}

fn mistake(error: arrow::error::ArrowError) -> Error {
    Error::internal(format!("a result's batch cannot be encoded: {error}"))
}

fn outgoing_field(field: &Field, name: &str, zone: &Arc<str>) -> Field {
    if field.metadata().contains_key(VARIANT_KEY) {
        return Field::new(name, variant(), field.is_nullable());
    }
    Field::new(name, outgoing(field.data_type(), zone), field.is_nullable())
}

fn outgoing(data_type: &DataType, zone: &Arc<str>) -> DataType {
    match data_type {
        DataType::Timestamp(_, Some(_)) => DataType::Timestamp(TimeUnit::Microsecond, Some(zone.clone())),
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Dictionary(_, values) => outgoing(values, zone),
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => DataType::List(Arc::new(outgoing_field(element, "element", zone))),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| outgoing_field(field, field.name(), zone)).collect())
        }
        DataType::Map(entries, sorted) => map(entries, *sorted, zone),
        other => other.clone(),
    }
}

fn map(entries: &FieldRef, sorted: bool, zone: &Arc<str>) -> DataType {
    let DataType::Struct(pair) = entries.data_type() else { return DataType::Map(entries.clone(), sorted) };
    let names = ["key", "value"];
    let pair: Fields = pair.iter().zip(names).map(|(field, name)| outgoing_field(field, name, zone)).collect();
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(pair), false)), sorted)
}

/// Spark marks the struct of a variant on its `metadata` member (Spark 4.1 `ArrowUtils.toArrowField`).
fn variant() -> DataType {
    let mark = HashMap::from([("variant".to_string(), "true".to_string())]);
    DataType::Struct(
        vec![
            Field::new("value", DataType::Binary, false),
            Field::new("metadata", DataType::Binary, false).with_metadata(mark),
        ]
        .into(),
    )
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringViewArray, TimestampMicrosecondArray};
    use arrow_ipc::reader::StreamReader;

    use super::*;

    fn round_trip(batch: &RecordBatch) -> RecordBatch {
        let bytes = Outgoing::new(&batch.schema(), "Europe/Berlin").stream(batch).expect("encodes");
        let mut reader = StreamReader::try_new(bytes.as_ref(), None).expect("a stream");
        reader.next().expect("one batch").expect("readable")
    }

    #[test]
    fn timestamps_take_the_sessions_zone_and_views_become_strings() {
        let micros = TimestampMicrosecondArray::from(vec![Some(0), None]).with_timezone("UTC");
        let texts = StringViewArray::from(vec!["a", "b"]);
        let batch =
            RecordBatch::try_from_iter([("t", Arc::new(micros) as ArrayRef), ("s", Arc::new(texts) as ArrayRef)])
                .expect("a batch");
        let sent = round_trip(&batch);
        let zone = Some("Europe/Berlin".into());
        assert_eq!(sent.schema().field(0).data_type(), &DataType::Timestamp(TimeUnit::Microsecond, zone));
        assert_eq!(sent.schema().field(1).data_type(), &DataType::Utf8);
        assert_eq!(sent.column(0).null_count(), 1);
    }

    #[test]
    fn rows_without_columns_are_counted() {
        let options = RecordBatchOptions::new().with_row_count(Some(3));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).expect("rows");
        assert_eq!(round_trip(&batch).num_rows(), 3);
    }

    #[test]
    fn a_result_without_rows_still_has_a_batch() {
        let batch = RecordBatch::try_from_iter([("a", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]);
        let bytes = Outgoing::new(&batch.expect("a batch").schema(), "UTC").empty().expect("encodes");
        let mut reader = StreamReader::try_new(bytes.as_ref(), None).expect("a stream");
        assert_eq!(reader.next().expect("one batch").expect("readable").num_rows(), 0);
    }
}
