//! Rows in, data files out; nothing is committed here.
//!
//! [`write_files`] runs one writer per input stream side by side. A writer conforms batches to the table's file schema,
//! splits them by partition (`partition.rs`) and keeps one open Parquet file per partition, at most
//! [`WriteOptions::open_files_max`] of them (`file.rs`, `encode.rs`, `metrics.rs`). When a statement fails before its
//! commit, the files it wrote are deleted: they were never anybody's.

mod conform;
mod encode;
mod file;
mod metrics;
mod partition;

use std::sync::Arc;

use datafusion::execution::SendableRecordBatchStream;
use floe_base::{Error, Result};
use futures::StreamExt;
use iceberg::spec::{DataFile, PartitionSpecRef, SchemaRef as IcebergSchemaRef, Struct};
use indexmap::IndexMap;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use uuid::Uuid;

use self::conform::Conform;
use self::file::{FileLayout, OpenFile};
use self::partition::Splitter;
use crate::error::Lift;
use crate::storage::Storage;
use crate::table::Table;

/// A data file that exists and that no snapshot knows yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    pub file: DataFile,
    pub spec_id: i32,
}

/// How a statement writes.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// Where rows are encoded, which is work for a processor; where the caller is, unless set.
    pub threads: Option<Handle>,
    /// Open Parquet files per writer. When one more partition comes, the longest open file is closed: a statement over many
    /// unsorted partitions gets more and smaller files rather than more memory.
    pub open_files_max: usize,
    /// Overrides the table's `write.target-file-size-bytes`.
    pub target_file_bytes: Option<usize>,
    /// Overrides the table's `write.parquet.compression-codec`.
    pub compression: Option<String>,
    /// Overrides the table's `write.parquet.compression-level`.
    pub compression_level: Option<String>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { threads: None, open_files_max: 64, target_file_bytes: None, compression: None, compression_level: None }
    }
}

/// Writes every row of every stream into data files of the table, one writer per stream, side by side.
///
/// A stream's columns are the table's columns, in the table's order (names do not matter; the resolver has aligned them). The
/// table may be a staged one. On any error, and when it is dropped before its end, the files written so far are deleted.
pub async fn write_files(
    table: &Table,
    streams: Vec<SendableRecordBatchStream>,
    options: &WriteOptions,
) -> Result<Vec<NewFile>> {
    let plan = Arc::new(WritePlan::new(table, options)?);
    let created = Ledger::default();
    let mut writers = Writers { tasks: JoinSet::new(), storage: table.storage.clone(), created: created.clone() };
    let threads = options.threads.clone().unwrap_or_else(Handle::current);
    for (number, stream) in streams.into_iter().enumerate() {
        writers.tasks.spawn_on(Writer::new(Arc::clone(&plan), number, created.clone()).run(stream), &threads);
    }
    writers.finish().await
}

/// The writers of a statement. A statement that is given up while they write, as when its client interrupts it, ends them
/// and then has their files deleted: a file whose upload still runs could not be.
struct Writers {
    tasks: JoinSet<Result<Vec<NewFile>>>,
    storage: Storage,
    created: Ledger,
}

impl Writers {
    async fn finish(mut self) -> Result<Vec<NewFile>> {
        let mut files = Vec::new();
        let mut first_error = None;
        while let Some(done) = self.tasks.join_next().await {
            match done.lift() {
                Ok(Ok(written)) => files.extend(written),
                Ok(Err(error)) | Err(error) => {
                    self.tasks.abort_all();
                    first_error.get_or_insert(error);
                }
            }
        }
        let created = self.created.take();
        match first_error {
            Some(error) => {
                self.storage.delete_quietly(created).await;
                Err(error)
            }
            None => Ok(files),
        }
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        let mut tasks = std::mem::take(&mut self.tasks);
        if tasks.is_empty() {
            return;
        }
        let (storage, created) = (self.storage.clone(), self.created.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tasks.shutdown().await;
                storage.delete_quietly(created.take()).await;
            });
        }
    }
}

/// The locations a statement has written to, in case it fails.
#[derive(Clone, Debug, Default)]
struct Ledger(Arc<Mutex<Vec<String>>>);

impl Ledger {
    fn note(&self, location: String) {
        self.0.lock().push(location);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

/// What all writers of a statement share.
struct WritePlan {
    table: Table,
    schema: IcebergSchemaRef,
    spec: PartitionSpecRef,
    splitter: Splitter,
    conform: Conform,
    layout: FileLayout,
    open_files_max: usize,
    /// Ties the names of a statement's files together, as Spark's operation id does.
    id: Uuid,
}

impl WritePlan {
    fn new(table: &Table, options: &WriteOptions) -> Result<Self> {
        let schema = Arc::clone(table.metadata.current_schema());
        let spec = Arc::clone(table.metadata.default_partition_spec());
        let format = table.metadata.properties().get("write.format.default").map_or("parquet", String::as_str);
        if !format.eq_ignore_ascii_case("parquet") {
            return Err(Error::unsupported(format!("writing {format} files (write.format.default)")));
        }
        Ok(Self {
            table: table.clone(),
            splitter: Splitter::new(&spec, &schema)?,
            conform: Conform::new(&schema),
            layout: FileLayout::new(&table.metadata, options)?,
            schema,
            spec,
            open_files_max: options.open_files_max.max(1),
            id: Uuid::new_v4(),
        })
    }
}

/// Writes one stream.
struct Writer {
    plan: Arc<WritePlan>,
    number: usize,
    files_opened: usize,
    /// By partition tuple, the longest open first.
    open: IndexMap<Struct, OpenFile>,
    done: Vec<NewFile>,
    created: Ledger,
}

impl Writer {
    fn new(plan: Arc<WritePlan>, number: usize, created: Ledger) -> Self {
        Self { plan, number, files_opened: 0, open: IndexMap::new(), done: Vec::new(), created }
    }

    async fn run(mut self, mut stream: SendableRecordBatchStream) -> Result<Vec<NewFile>> {
        while let Some(batch) = stream.next().await {
            let batch = batch.map_err(Error::from)?;
            if batch.num_rows() == 0 {
                continue;
            }
            let batch = self.plan.conform.apply(&batch)?;
            for (partition, rows) in self.plan.splitter.split(&batch)? {
                self.write(partition, &rows).await?;
            }
        }
        while let Some((_, file)) = self.open.pop() {
            self.close(file).await?;
        }
        Ok(self.done)
    }

    async fn write(&mut self, partition: Struct, rows: &arrow::array::RecordBatch) -> Result<()> {
        if !self.open.contains_key(&partition) {
            if self.open.len() >= self.plan.open_files_max
                && let Some((_, oldest)) = self.open.shift_remove_index(0)
            {
                self.close(oldest).await?;
            }
            let file = self.start(&partition)?;
            self.open.insert(partition.clone(), file);
        }
        let Some(file) = self.open.get_mut(&partition) else {
            return Err(Error::internal("the file of a partition vanished"));
        };
        file.write(rows).await?;
        if file.is_full()
            && let Some(full) = self.open.shift_remove(&partition)
        {
            self.close(full).await?;
        }
        Ok(())
    }

    /// Spark's naming: partition, task, operation, count (Iceberg 1.10 `OutputFileFactory`).
    fn start(&mut self, partition: &Struct) -> Result<OpenFile> {
        self.files_opened += 1;
        let name = format!("{:05}-{}-{}-{:05}.parquet", self.number, self.number, self.plan.id, self.files_opened);
        let folder = match self.plan.spec.is_unpartitioned() {
            true => String::new(),
            false => format!("{}/", partition_path(&self.plan, partition)),
        };
        let location = self.plan.layout.location(&folder, &name);
        self.created.note(location.clone());
        OpenFile::start(&self.plan.table.storage, location, partition.clone(), &self.plan.layout, &self.plan.conform)
    }

    async fn close(&mut self, file: OpenFile) -> Result<()> {
        let file = file.finish(&self.plan.schema, self.plan.spec.spec_id(), &self.plan.table.metadata).await?;
        self.done.push(NewFile { file, spec_id: self.plan.spec.spec_id() });
        Ok(())
    }
}

/// `name=value/name=value` with both sides escaped, as Java's `PartitionSpec.partitionToPath`.
fn partition_path(plan: &WritePlan, partition: &Struct) -> String {
    let parts = plan.spec.fields().iter().zip(partition.iter()).map(|(field, value)| {
        let source = plan.schema.field_by_id(field.source_id);
        let result = source.and_then(|source| field.transform.result_type(&source.field_type).ok());
        let text = result.map_or_else(|| "null".to_string(), |of| field.transform.to_human_string(&of, value));
        format!("{}={}", escape(&field.name), escape(&text))
    });
    parts.collect::<Vec<_>>().join("/")
}

/// Java's `URLEncoder`, except that a space is `%20` so that every store takes it as one name.
fn escape(text: &str) -> String {
    urlencoding::encode(text).into_owned()
}
