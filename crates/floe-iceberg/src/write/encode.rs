//! Rows into the bytes of one Parquet file: the columns of a row group are encoded side by side, one task each.
//!
//! Rows come in portions. While a portion is encoded the next one is collected, so that who makes the rows does not wait
//! for who encodes them; a size is known when a portion is through, so that the same rows always make the same groups. What
//! the bytes are written to, and when a file is full, is `file.rs`'s.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow_schema::{FieldRef, SchemaRef};
use datafusion::common::runtime::SpawnedTask;
use floe_base::{Error, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use crate::error::Lift;

/// A portion is encoded once it has this many rows or bytes: enough to be worth a task, little enough to wait in memory.
const PORTION_ROWS: usize = 32 * 1024;
const PORTION_BYTES: usize = 4 * 1024 * 1024;
/// Fewer rows are encoded where they are: sixteen tasks cost more.
const ROWS_FOR_TASKS: usize = 1024;

/// A Parquet file in the making.
pub(super) struct Encoder {
    file: SerializedFileWriter<Vec<u8>>,
    groups: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    group: RowGroup,
    portion: Portion,
    group_rows_max: usize,
    group_bytes_max: usize,
}

impl Encoder {
    pub(super) fn new(schema: SchemaRef, properties: WriterProperties) -> Result<Self> {
        let group_rows_max = properties.max_row_group_row_count().unwrap_or(usize::MAX);
        let group_bytes_max = properties.max_row_group_bytes().unwrap_or(usize::MAX);
        // Without Arrow's own schema in the footer every reader derives the types from Parquet's, as for Spark's files.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&schema), options).lift()?;
        let (file, groups) = writer.into_serialized_writer().lift()?;
        let (group, portion) = (RowGroup::default(), Portion::default());
        Ok(Self { file, groups, schema, group, portion, group_rows_max, group_bytes_max })
    }

    /// Takes rows; what a full row group made of bytes is there to be taken afterwards.
    pub(super) async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        let mut from = 0;
        while from < rows.num_rows() {
            let room = self.group_rows_max - self.group.rows - self.portion.rows;
            let count = room.min(rows.num_rows() - from);
            self.portion.add(rows.slice(from, count), rows);
            from += count;
            let group_is_full = count == room;
            if group_is_full || self.portion.is_full() {
                self.encode().await?;
            }
            if group_is_full {
                self.end_group().await?;
            }
        }
        Ok(())
    }

    /// How long the file is about, rows included that are not encoded yet.
    pub(super) fn bytes(&self) -> usize {
        self.file.bytes_written() + self.group.bytes + self.portion.bytes
    }

    /// The bytes since this was last asked.
    pub(super) fn take_bytes(&mut self) -> Vec<u8> {
        std::mem::take(self.file.inner_mut())
    }

    /// Ends the file.
    pub(super) async fn finish(&mut self) -> Result<ParquetMetaData> {
        self.encode().await?;
        self.end_group().await?;
        self.file.finish().lift()
    }

    /// Hands the collected portion to the columns, which have all done the one before.
    async fn encode(&mut self) -> Result<()> {
        self.group.settle().await?;
        if self.group.bytes >= self.group_bytes_max {
            self.end_group().await?;
        }
        let portion = std::mem::take(&mut self.portion);
        if portion.rows == 0 {
            return Ok(());
        }
        if self.group.columns.is_empty() {
            self.group.columns = self.columns()?;
        }
        self.group.begin(portion)
    }

    async fn end_group(&mut self) -> Result<()> {
        self.group.settle().await?;
        let group = std::mem::take(&mut self.group);
        if group.rows == 0 {
            return Ok(());
        }
        let mut writer = self.file.next_row_group().lift()?;
        for chunk in group.close().await? {
            chunk.append_to_row_group(&mut writer).lift()?;
        }
        writer.close().lift()?;
        Ok(())
    }

    /// The writers of a new row group, by column of the schema: a nested one has several leaves.
    fn columns(&self) -> Result<Vec<Column>> {
        let leaves = self.groups.create_column_writers(self.file.flushed_row_groups().len()).lift()?;
        let shape = self.file.schema_descr();
        let fields = self.schema.fields().iter();
        let mut columns: Vec<Column> =
            fields.map(|field| Column { field: Arc::clone(field), leaves: Vec::new() }).collect();
        for (number, leaf) in leaves.into_iter().enumerate() {
            let column = columns.get_mut(shape.get_column_root_idx(number));
            column.ok_or_else(|| Error::internal("a leaf of no column"))?.leaves.push(leaf);
        }
        Ok(columns)
    }
}

/// Rows that wait to be encoded together.
#[derive(Default)]
struct Portion {
    batches: Vec<RecordBatch>,
    rows: usize,
    bytes: usize,
}

impl Portion {
    /// `of` is the batch the rows are a part of: a slice says the size of its whole.
    fn add(&mut self, rows: RecordBatch, of: &RecordBatch) {
        self.bytes += of.get_array_memory_size() * rows.num_rows() / of.num_rows().max(1);
        self.rows += rows.num_rows();
        self.batches.push(rows);
    }

    fn is_full(&self) -> bool {
        self.rows >= PORTION_ROWS || self.bytes >= PORTION_BYTES
    }
}

/// The row group that takes rows.
#[derive(Default)]
struct RowGroup {
    /// At rest; empty before the first rows and while `at_work` has them.
    columns: Vec<Column>,
    at_work: Vec<SpawnedTask<Result<Column>>>,
    rows: usize,
    /// As of the last portion that is through.
    bytes: usize,
}

impl RowGroup {
    fn begin(&mut self, portion: Portion) -> Result<()> {
        self.rows += portion.rows;
        let columns = std::mem::take(&mut self.columns);
        let few = portion.rows < ROWS_FOR_TASKS;
        for (number, mut column) in columns.into_iter().enumerate() {
            let parts: Vec<ArrayRef> = portion.batches.iter().map(|batch| Arc::clone(batch.column(number))).collect();
            if few {
                column.encode(&parts)?;
                self.columns.push(column);
            } else {
                self.at_work.push(SpawnedTask::spawn(async move { column.encode(&parts).map(|()| column) }));
            }
        }
        self.weigh();
        Ok(())
    }

    /// Waits for the columns at work.
    async fn settle(&mut self) -> Result<()> {
        if self.at_work.is_empty() {
            return Ok(());
        }
        for task in std::mem::take(&mut self.at_work) {
            self.columns.push(task.await.lift()??);
        }
        self.weigh();
        Ok(())
    }

    /// Columns at work keep the size they had.
    fn weigh(&mut self) {
        if self.at_work.is_empty() {
            self.bytes = self.columns.iter().map(Column::bytes).sum();
        }
    }

    /// The columns' chunks in their order; the last pages are compressed side by side as well.
    async fn close(self) -> Result<Vec<ArrowColumnChunk>> {
        let tasks: Vec<_> =
            self.columns.into_iter().map(|column| SpawnedTask::spawn(async move { column.close() })).collect();
        let mut chunks = Vec::new();
        for task in tasks {
            chunks.extend(task.await.lift()??);
        }
        Ok(chunks)
    }
}

/// The writers of one column of the schema.
struct Column {
    field: FieldRef,
    leaves: Vec<ArrowColumnWriter>,
}

impl Column {
    fn encode(&mut self, parts: &[ArrayRef]) -> Result<()> {
        for part in parts {
            for (leaf, values) in self.leaves.iter_mut().zip(compute_leaves(&self.field, part).lift()?) {
                leaf.write(&values).lift()?;
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.leaves.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum()
    }

    fn close(self) -> Result<Vec<ArrowColumnChunk>> {
        self.leaves.into_iter().map(|leaf| leaf.close().lift()).collect()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, StructArray};
    use arrow::datatypes::Int64Type;
    use arrow_schema::{DataType, Field, Fields, Schema};
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    /// `n`, and a struct of `n` and twice of it: two columns, three leaves.
    fn rows(numbers: std::ops::Range<i64>) -> RecordBatch {
        let number: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers.clone()));
        let twice: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers.map(|n| 2 * n)));
        let fields: Fields =
            vec![Field::new("n", DataType::Int64, false), Field::new("twice", DataType::Int64, false)].into();
        let both = StructArray::new(fields.clone(), vec![Arc::clone(&number), twice], None);
        let schema = Schema::new(vec![
            Field::new("n", DataType::Int64, false),
            Field::new("both", DataType::Struct(fields), false),
        ]);
        RecordBatch::try_new(Arc::new(schema), vec![number, Arc::new(both)]).expect("rows")
    }

    /// The rows of each group of the file that is made of batches of so many rows.
    async fn groups(batches: &[usize], group_rows: usize) -> Vec<i64> {
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
        let mut encoder = Encoder::new(rows(0..1).schema(), properties).expect("an encoder");
        let (mut from, mut file) = (0, Vec::new());
        for count in batches {
            let to = from + i64::try_from(*count).expect("few");
            encoder.write(&rows(from..to)).await.expect("written");
            file.extend(encoder.take_bytes());
            from = to;
        }
        let footer = encoder.finish().await.expect("a footer");
        file.extend(encoder.take_bytes());
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).expect("a file");
        let read: Vec<RecordBatch> = reader.build().expect("a reader").map(|batch| batch.expect("rows")).collect();
        let mut next = 0;
        for batch in read {
            let both = batch.column(1).as_struct();
            let columns =
                [batch.column(0), both.column(0), both.column(1)].map(|column| column.as_primitive::<Int64Type>());
            for row in 0..batch.num_rows() {
                assert_eq!(columns.map(|column| column.value(row)), [next, next, 2 * next]);
                next += 1;
            }
        }
        assert_eq!(next, from);
        footer.row_groups().iter().map(parquet::file::metadata::RowGroupMetaData::num_rows).collect()
    }

    #[tokio::test]
    async fn rows_stay_in_order_and_groups_are_cut_where_they_are_full() {
        assert_eq!(groups(&[], 10).await, Vec::<i64>::new());
        assert_eq!(groups(&[3, 4, 5], 10).await, [10, 2]);
        assert_eq!(groups(&[30], 10).await, [10, 10, 10]);
        assert_eq!(groups(&[PORTION_ROWS, 1, PORTION_ROWS, 500], 40_000).await, [40_000, 26_037]);
    }
}
