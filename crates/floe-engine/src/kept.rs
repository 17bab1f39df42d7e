//! Rows the server keeps: of cached tables and frames, of checkpoints. In memory as long as the engine's one budget has
//! room for them, beyond that in a file that goes with them.
//!
//! Who keeps what, under which name and for how long: `cache.rs`, `session/frames.rs`, and checkpoints in `session.rs`.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::StreamWriter;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::RefCountedTempFile;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use floe_backends::Batches;
use floe_base::{Error, Kind, Result};
use floe_catalog::{Statistics, Table};
use futures::StreamExt;

use crate::{Engine, query, threads};

/// What all kept rows together may hold of the memory that DataFusion may, in parts of it; queries need the rest.
const MEMORY_PART: usize = 4;

/// Bytes that kept rows hold in memory, of all that are kept.
pub(crate) type KeptBytes = Arc<AtomicUsize>;

/// Rows that are kept. Cheap to copy; they go with the last copy.
#[derive(Clone, Debug)]
pub(crate) struct Kept(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    schema: SchemaRef,
    statistics: Statistics,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Memory {
        batches: Vec<RecordBatch>,
        /// What they hold of the budget, given back with them.
        _share: Share,
    },
    Disk(Spilled),
}

impl Kept {
    /// The rows as a table whose columns have other names.
    pub(crate) fn named(&self, schema: &SchemaRef) -> Result<Table> {
        let provider: Arc<dyn TableProvider> = match &self.0.place {
            Place::Memory { batches, .. } => {
                let renamed = batches.iter().map(|batch| query::rename(batch.clone(), schema));
                Arc::new(MemTable::try_new(schema.clone(), vec![renamed.collect::<Result<Vec<_>>>()?])?)
            }
            Place::Disk(spilled) => {
                let rows = Arc::new(Reading { schema: schema.clone(), spilled: spilled.clone(), kept: self.clone() });
                Arc::new(StreamingTable::try_new(schema.clone(), vec![rows])?)
            }
        };
        Ok(Table::at_hand(provider, self.0.statistics, "memory"))
    }

    /// The rows as a table under the names they came with.
    pub(crate) fn table(&self) -> Result<Table> {
        self.named(&self.0.schema)
    }

    pub(crate) fn rows(&self) -> Option<u64> {
        self.0.statistics.rows
    }
}

/// Keeps the rows of a query in the order they come, under the names of `schema`. `on_disk`: whatever room there is.
pub(crate) async fn keep(engine: &Engine, schema: SchemaRef, mut rows: Batches, on_disk: bool) -> Result<Kept> {
    let runtime = engine.datafusion().runtime();
    let mut share = Share::new(&runtime, engine.kept_bytes());
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut writer = if on_disk { Some(Writer::new(&runtime, &schema)?) } else { None };
    let (mut count, mut bytes) = (0, 0);
    while let Some(batch) = rows.next().await {
        let batch = query::rename(batch?, &schema)?;
        let size = batch.get_array_memory_size();
        count += batch.num_rows() as u64;
        bytes += size as u64;
        if writer.is_none() && share.grow(size) {
            batches.push(batch);
            continue;
        }
        let mut to = match writer {
            Some(writer) => writer,
            None => Writer::new(&runtime, &schema)?,
        };
        for earlier in std::mem::take(&mut batches) {
            to = to.write(earlier).await?;
        }
        share.free();
        writer = Some(to.write(batch).await?);
    }
    let place = match writer {
        Some(writer) => Place::Disk(writer.end().await?),
        None => Place::Memory { batches, _share: share },
    };
    let statistics = Statistics { rows: Some(count), bytes: Some(bytes) };
    Ok(Kept(Arc::new(Inner { schema, statistics, place })))
}

/// What some kept rows hold of the budget.
#[derive(Debug)]
struct Share {
    all: KeptBytes,
    own: usize,
    most: usize,
    reserved: MemoryReservation,
}

impl Share {
    fn new(runtime: &RuntimeEnv, all: &KeptBytes) -> Self {
        let reserved = MemoryConsumer::new("kept rows").register(&runtime.memory_pool);
        let most = match runtime.memory_pool.memory_limit() {
            MemoryLimit::Finite(bytes) => bytes / MEMORY_PART,
            _ => usize::MAX,
        };
        Self { all: all.clone(), own: 0, most, reserved }
    }

    /// True where there was room.
    fn grow(&mut self, bytes: usize) -> bool {
        let before = self.all.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= self.most && self.reserved.try_grow(bytes).is_ok();
        if fits {
            self.own += bytes;
        } else {
            self.all.fetch_sub(bytes, Ordering::Relaxed);
        }
        fits
    }

    fn free(&mut self) {
        self.all.fetch_sub(std::mem::take(&mut self.own), Ordering::Relaxed);
        self.reserved.free();
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.free();
    }
}

/// Batches in a file of the folder for what does not fit into memory.
#[derive(Clone, Debug)]
struct Spilled {
    file: RefCountedTempFile,
    manager: Arc<SpillManager>,
    /// Bytes of the largest batch.
    largest: usize,
}

/// A file that is being written, on a thread that may wait for a disk.
struct Writer {
    spilled: Spilled,
    writer: StreamWriter<BufWriter<File>>,
}

impl Writer {
    fn new(runtime: &Arc<RuntimeEnv>, schema: &SchemaRef) -> Result<Self> {
        let file = runtime.disk_manager.create_tmp_file("kept rows")?;
        let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        let manager = Arc::new(SpillManager::new(runtime.clone(), metrics, schema.clone()));
        let open = File::options().write(true).open(file.path()).map_err(cannot)?;
        let writer = StreamWriter::try_new_buffered(open, schema)?;
        Ok(Self { spilled: Spilled { file, manager, largest: 0 }, writer })
    }

    async fn write(mut self, batch: RecordBatch) -> Result<Self> {
        threads::blocking(move || {
            self.spilled.largest = self.spilled.largest.max(batch.get_array_memory_size());
            self.writer.write(&batch)?;
            // Refuses what is beyond the limit for such files.
            self.spilled.file.update_disk_usage()?;
            Ok(self)
        })
        .await
    }

    async fn end(mut self) -> Result<Spilled> {
        threads::blocking(move || {
            self.writer.finish()?;
            self.writer.into_inner()?;
            self.spilled.file.update_disk_usage()?;
            Ok(self.spilled)
        })
        .await
    }
}

fn cannot(error: std::io::Error) -> Error {
    Error::message(Kind::Operation, format!("rows that are kept cannot be written: {error}")).caused_by(error)
}

/// One more reading of rows in a file.
#[derive(Debug)]
struct Reading {
    schema: SchemaRef,
    spilled: Spilled,
    /// Read rows are not let go.
    kept: Kept,
}

impl PartitionStream for Reading {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (schema, kept) = (self.schema.clone(), self.kept.clone());
        let opened = self.spilled.manager.read_spill_as_stream(self.spilled.file.clone(), Some(self.spilled.largest));
        let rows = match opened {
            Ok(rows) => rows,
            Err(error) => return Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter([Err(error)]))),
        };
        let names = schema.clone();
        let renamed = rows.map(move |batch| {
            let _ = &kept;
            query::rename(batch?, &names).map_err(|error| DataFusionError::External(Box::new(error)))
        });
        Box::pin(RecordBatchStreamAdapter::new(schema, renamed))
    }
}
