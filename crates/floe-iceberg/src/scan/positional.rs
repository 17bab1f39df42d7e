//! Reads rows together with their place: `_file` and `_pos`.
//!
//! DELETE, UPDATE and MERGE tell rows by their place. DataFusion 53.1's Parquet source has no row numbers, Parquet's own
//! reader does, so these scans use it directly. Positions count every row of the file, deleted ones too.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray};
use arrow::datatypes::Int64Type;
use arrow_schema::{DataType, Field, Fields, Schema as ArrowSchema, SchemaRef};
use datafusion::common::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use floe_base::{Error, Result};
use futures::{Stream, StreamExt, TryStreamExt};
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::arrow::async_reader::ParquetObjectReader;
use parquet::arrow::{ParquetRecordBatchStreamBuilder, ProjectionMask, RowNumber};

use super::adapt::{Constants, FieldMap, Narrowed};
use super::deletes::{deleted_rows, selection};
use super::identity_fields;
use super::source::ScanColumn;
use crate::error::Lift;
use crate::manifest::FileEntry;
use crate::plan::FileTask;
use crate::storage::Storage;

/// Name of the row number while it is inside this file; no column of a table can clash with it there, ids decide.
const ROW_NUMBER: &str = "floe row number";

/// See the module's text.
#[derive(Debug)]
pub(super) struct PositionalScan {
    storage: Storage,
    map: Arc<FieldMap>,
    columns: Arc<Vec<ScanColumn>>,
    /// Files by output partition.
    partitions: Vec<Vec<(FileTask, Constants)>>,
    batch_rows: usize,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl PositionalScan {
    pub(super) fn new(
        storage: &Storage,
        map: FieldMap,
        columns: Vec<ScanColumn>,
        tasks: Vec<(FileTask, Constants)>,
        partitions: usize,
        batch_rows: usize,
    ) -> Result<Self> {
        let schema = output_schema(&map, &columns)?;
        let count = partitions.clamp(1, tasks.len().max(1));
        let mut bins: Vec<Vec<(FileTask, Constants)>> = vec![Vec::new(); count];
        for (number, task) in tasks.into_iter().enumerate() {
            if let Some(bin) = bins.get_mut(number % count) {
                bin.push(task);
            }
        }
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(count),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            storage: storage.clone(),
            map: Arc::new(map),
            columns: Arc::new(columns),
            partitions: bins,
            batch_rows,
            schema,
            properties: Arc::new(properties),
        })
    }
}

fn output_schema(map: &FieldMap, columns: &[ScanColumn]) -> Result<SchemaRef> {
    let engine = map.engine_schema();
    let mut fields = Vec::with_capacity(columns.len());
    let [file, position, spec] = identity_fields().map(Arc::new);
    for column in columns {
        fields.push(match column {
            ScanColumn::Field(index) => match engine.fields().get(*index) {
                Some(field) => Arc::clone(field),
                None => return Err(Error::internal("a column beyond the scan's")),
            },
            ScanColumn::File => Arc::clone(&file),
            ScanColumn::Position => Arc::clone(&position),
            ScanColumn::Spec => Arc::clone(&spec),
        });
    }
    Ok(Arc::new(ArrowSchema::new(Fields::from(fields))))
}

impl DisplayAs for PositionalScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: usize = self.partitions.iter().map(Vec::len).sum();
        write!(f, "IcebergPositionalScan: files={files}, partitions={}", self.partitions.len())
    }
}

impl ExecutionPlan for PositionalScan {
    fn name(&self) -> &str {
        "IcebergPositionalScan"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _context: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let Some(tasks) = self.partitions.get(partition).cloned() else {
            return Err(Error::internal("a partition beyond the scan's").into());
        };
        let reader = Reader {
            storage: self.storage.clone(),
            map: Arc::clone(&self.map),
            columns: Arc::clone(&self.columns),
            schema: Arc::clone(&self.schema),
            batch_rows: self.batch_rows,
        };
        let batches = futures::stream::iter(tasks)
            .then(move |(task, constants)| {
                let mut reader = reader.clone();
                reader.map = Arc::new(reader.map.with_constants(constants));
                async move { reader.open(task).await }
            })
            .try_flatten()
            .map_err(Into::into);
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches)))
    }
}

#[derive(Clone)]
struct Reader {
    storage: Storage,
    map: Arc<FieldMap>,
    columns: Arc<Vec<ScanColumn>>,
    schema: SchemaRef,
    batch_rows: usize,
}

impl Reader {
    async fn open(self, task: FileTask) -> Result<impl Stream<Item = Result<RecordBatch>> + use<>> {
        let place = self.storage.place(task.entry.path())?;
        let size = task.entry.file.file_size_in_bytes();
        let source = ParquetObjectReader::new(place.store, place.path).with_file_size(size);
        let number = Field::new(ROW_NUMBER, DataType::Int64, false).with_extension_type(RowNumber);
        let options = ArrowReaderOptions::new().with_virtual_columns(vec![Arc::new(number)]).lift()?;
        let mut builder = ParquetRecordBatchStreamBuilder::new_with_options(source, options).await.lift()?;
        let wanted: Vec<usize> = self
            .columns
            .iter()
            .filter_map(|column| match column {
                ScanColumn::Field(index) => Some(*index),
                _ => None,
            })
            .collect();
        let narrowed = self.map.narrow(&stored(builder.schema()), &wanted);
        let mask = ProjectionMask::roots(builder.parquet_schema(), narrowed.needed.iter().copied());
        builder = builder.with_projection(mask);
        let rows: i64 = builder.metadata().row_groups().iter().map(|group| group.num_rows()).sum();
        if let Some(kept) = self.kept(&task, u64::try_from(rows).unwrap_or_default()).await? {
            builder = builder.with_row_selection(kept);
        }
        let stream = builder.with_batch_size(self.batch_rows).build().lift()?;
        let entry = Arc::clone(&task.entry);
        Ok(stream.map(move |batch| self.output(&narrowed, &batch.lift()?, &entry)))
    }

    /// The rows that are left of a file of `rows`; `None` for all of them.
    async fn kept(&self, task: &FileTask, rows: u64) -> Result<Option<RowSelection>> {
        let deleted = deleted_rows(&self.storage, task).await?;
        Ok((!deleted.is_empty()).then(|| selection(&deleted, 0..rows)))
    }

    fn output(&self, narrowed: &Narrowed, batch: &RecordBatch, entry: &FileEntry) -> Result<RecordBatch> {
        let rows = batch.num_rows();
        let schema = stored(batch.schema_ref());
        // The row number is the one column without a place in the file; it comes last.
        let file_columns: Vec<ArrayRef> = batch.columns().iter().take(schema.fields().len()).cloned().collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let file_batch = RecordBatch::try_new_with_options(Arc::new(schema), file_columns, &options)?;
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for column in self.columns.iter() {
            columns.push(match column {
                ScanColumn::Field(index) => self.map.column(narrowed, &file_batch, *index)?,
                ScanColumn::File => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(entry.path(), rows))),
                ScanColumn::Spec => Arc::new(Int32Array::from_value(entry.spec_id, rows)),
                ScanColumn::Position => Arc::new(positions(batch)?),
            });
        }
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }
}

/// A file's own columns: all but the row number.
fn stored(schema: &ArrowSchema) -> ArrowSchema {
    let own = schema.fields().iter().filter(|field| field.name() != ROW_NUMBER).cloned();
    ArrowSchema::new(own.collect::<Fields>())
}

fn positions(batch: &RecordBatch) -> Result<Int64Array> {
    let column = batch.column_by_name(ROW_NUMBER).and_then(|column| column.as_primitive_opt::<Int64Type>());
    column.cloned().ok_or_else(|| Error::internal("the reader gave no row numbers"))
}
