//! Files that are read record by record: a line each, or the whole file. What a record means is its format's to say.
//!
//! One stream a file: records are cut from the bytes as these arrive, so that no more than a batch is held.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayBuilder, RecordBatch, StringArray, StringBuilder};
use arrow::datatypes::{Schema, SchemaRef};
use bytes::Bytes;
use datafusion::catalog::Session;
use datafusion::common::{Statistics, not_impl_err};
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpenFuture, FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::Result as PlanResult;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_datasource::TableSchema;
use datafusion_datasource::projection::{ProjectionOpener, SplitProjection};
use floe_base::{Error, Kind, Result};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore};

use super::{codec, listed};

/// A record beyond this is refused rather than held.
const LONGEST_RECORD: usize = 1 << 30;

/// A batch ends when it has so many bytes, whatever the number of its rows.
const BATCH_BYTES: usize = 16 << 20;

/// Where a record ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cut {
    /// At `\n`, `\r\n` or `\r`.
    Line,
    /// At this text (`lineSep`).
    At(Vec<u8>),
    /// With the file.
    File,
}

impl Cut {
    /// As the options `lineSep` and the format's word for whole files say.
    pub(super) fn of(options: &[(String, String)], whole: &str) -> Result<Self> {
        if super::flag(options, whole) {
            return Ok(Self::File);
        }
        match super::option(options, "lineSep") {
            None => Ok(Self::Line),
            Some("") => {
                Err(Error::message(Kind::IllegalArgument, "requirement failed: 'lineSep' cannot be an empty string."))
            }
            Some(separator) => Ok(Self::At(separator.as_bytes().to_vec())),
        }
    }
}

/// What records mean: rows of a schema. A record may be no row, and may be several.
pub(super) trait Records: Send + Sync {
    fn rows(&self, records: &StringArray, schema: &Schema) -> Result<RecordBatch>;

    /// Refuses a scan of these columns alone.
    fn check(&self, _columns: &Schema) -> Result<()> {
        Ok(())
    }
}

/// The format of files whose records mean something.
#[derive(Clone)]
pub(super) struct Lines {
    pub(super) name: &'static str,
    pub(super) cut: Cut,
    pub(super) records: Arc<dyn Records>,
}

impl fmt::Debug for Lines {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {:?}", self.name, self.cut)
    }
}

#[async_trait::async_trait]
impl FileFormat for Lines {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn get_ext(&self) -> String {
        String::new()
    }

    fn get_ext_with_compression(&self, codec: &FileCompressionType) -> PlanResult<String> {
        Ok(datafusion::common::GetExt::get_ext(codec))
    }

    fn compression_type(&self) -> Option<FileCompressionType> {
        None
    }

    async fn infer_schema(
        &self,
        _state: &dyn Session,
        _store: &Arc<dyn ObjectStore>,
        _objects: &[ObjectMeta],
    ) -> PlanResult<SchemaRef> {
        not_impl_err!("the schema of {} files is found when they are opened", self.name)
    }

    async fn infer_stats(
        &self,
        _state: &dyn Session,
        _store: &Arc<dyn ObjectStore>,
        table_schema: SchemaRef,
        _object: &ObjectMeta,
    ) -> PlanResult<Statistics> {
        Ok(Statistics::new_unknown(&table_schema))
    }

    async fn create_physical_plan(
        &self,
        _state: &dyn Session,
        conf: FileScanConfig,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        Ok(DataSourceExec::from_data_source(conf))
    }

    fn file_source(&self, table_schema: TableSchema) -> Arc<dyn FileSource> {
        Arc::new(Source {
            format: self.clone(),
            projection: SplitProjection::unprojected(&table_schema),
            table_schema,
            batch_size: None,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }
}

#[derive(Clone)]
struct Source {
    format: Lines,
    table_schema: TableSchema,
    projection: SplitProjection,
    batch_size: Option<usize>,
    metrics: ExecutionPlanMetricsSet,
}

impl FileSource for Source {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        _partition: usize,
    ) -> PlanResult<Arc<dyn FileOpener>> {
        let schema = self.table_schema.file_schema();
        let columns = self.projection.file_indices.clone();
        self.format.records.check(&schema.project(&columns)?)?;
        let opener = Opener {
            store,
            root: config.object_store_url.as_str().to_string(),
            format: self.format.clone(),
            schema: schema.clone(),
            columns,
            rows: self.batch_size.unwrap_or(8192),
        };
        ProjectionOpener::try_new(self.projection.clone(), Arc::new(opener), schema)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn table_schema(&self) -> &TableSchema {
        &self.table_schema
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Arc::new(Self { batch_size: Some(batch_size), ..self.clone() })
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        Some(&self.projection.source)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> PlanResult<Option<Arc<dyn FileSource>>> {
        let merged = self.projection.source.try_merge(projection)?;
        let projection = SplitProjection::new(self.table_schema.file_schema(), &merged);
        Ok(Some(Arc::new(Self { projection, ..self.clone() })))
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        &self.metrics
    }

    fn file_type(&self) -> &str {
        self.format.name
    }

    /// Where a record begins is known only from the file's beginning.
    fn supports_repartitioning(&self) -> bool {
        false
    }
}

struct Opener {
    store: Arc<dyn ObjectStore>,
    /// The URL of the store, for errors.
    root: String,
    format: Lines,
    schema: SchemaRef,
    columns: Vec<usize>,
    rows: usize,
}

impl FileOpener for Opener {
    fn open(&self, file: PartitionedFile) -> PlanResult<FileOpenFuture> {
        let (store, cut, rows) = (self.store.clone(), self.format.cut.clone(), self.rows);
        let (records, schema, columns) = (self.format.records.clone(), self.schema.clone(), self.columns.clone());
        let (root, location) = (self.root.clone(), file.object_meta.location);
        let open = async move {
            let input = codec::text(store.as_ref(), &location).await?;
            let batches = batches(input, cut, rows).map(move |batch| {
                let found = records.rows(&batch?, &schema);
                Ok(found.map_err(|error| failed(&root, location.as_ref(), error))?.project(&columns)?)
            });
            Ok(batches.boxed())
        };
        Ok(open.boxed())
    }
}

/// Spark 4.1 names the file, and has the reason as a cause.
fn failed(root: &str, location: &str, error: Error) -> Error {
    let path = listed::shown(root, location).unwrap_or_else(|_| location.to_string());
    Error::new(Kind::Operation, "FAILED_READ_FILE.NO_HINT").with("path", path).caused_by(error)
}

/// The bytes of a file as they arrive.
type Bytestream = BoxStream<'static, PlanResult<Bytes>>;

/// The records of bytes, so many at a time.
pub(super) fn batches(input: Bytestream, cut: Cut, rows: usize) -> BoxStream<'static, PlanResult<StringArray>> {
    let cutter = Cutter { cut, held: Vec::new(), start: 0, searched: 0, began: false, ended: false };
    futures::stream::try_unfold((input, cutter), move |(input, cutter)| next_batch(input, cutter, rows)).boxed()
}

async fn next_batch(
    mut input: Bytestream,
    mut cutter: Cutter,
    rows: usize,
) -> PlanResult<Option<(StringArray, (Bytestream, Cutter))>> {
    let mut records = StringBuilder::new();
    loop {
        while records.len() < rows && records.values_slice().len() < BATCH_BYTES {
            let Some(record) = cutter.take() else { break };
            records.append_value(String::from_utf8_lossy(record));
        }
        let is_full = records.len() == rows || records.values_slice().len() >= BATCH_BYTES;
        if is_full || cutter.ended {
            let found = records.finish();
            return Ok((!found.is_empty()).then_some((found, (input, cutter))));
        }
        match input.try_next().await? {
            Some(bytes) => cutter.push(&bytes)?,
            None => cutter.ended = true,
        }
    }
}

/// Cuts records from bytes.
struct Cutter {
    cut: Cut,
    held: Vec<u8>,
    /// Where the next record begins in what is held.
    start: usize,
    /// No record ends between `start` and here.
    searched: usize,
    began: bool,
    ended: bool,
}

impl Cutter {
    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.held.drain(..self.start);
        self.searched -= self.start;
        self.start = 0;
        if self.held.len() + bytes.len() > LONGEST_RECORD {
            return Err(Error::unsupported("a record of more than 1 GiB in a file of text"));
        }
        self.held.extend_from_slice(bytes);
        Ok(())
    }

    /// The next record, if all of it is held.
    fn take(&mut self) -> Option<&[u8]> {
        self.skip_mark()?;
        let (end, next) = match self.end() {
            Some(found) => found,
            None if self.ended && self.start < self.held.len() => (self.held.len(), self.held.len()),
            None => return None,
        };
        let start = std::mem::replace(&mut self.start, next);
        self.searched = next;
        self.held.get(start..end)
    }

    /// Hadoop's reader of lines skips the mark of UTF-8 in front; `None` while it cannot be told.
    fn skip_mark(&mut self) -> Option<()> {
        const MARK: &[u8] = b"\xEF\xBB\xBF";
        if self.began || self.cut == Cut::File {
            return Some(());
        }
        if self.held.len() < MARK.len() && !self.ended {
            return None;
        }
        if self.held.starts_with(MARK) {
            (self.start, self.searched) = (MARK.len(), MARK.len());
        }
        self.began = true;
        Some(())
    }

    /// Where the record ends, and where the next one begins.
    fn end(&mut self) -> Option<(usize, usize)> {
        let rest = self.held.get(self.searched..)?;
        match &self.cut {
            Cut::File => None,
            Cut::Line => {
                let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                    self.searched = self.held.len();
                    return None;
                };
                let at = self.searched + at;
                match (self.held.get(at), self.held.get(at + 1)) {
                    (Some(b'\r'), Some(b'\n')) => Some((at, at + 2)),
                    // The other half of a line's end may be on its way.
                    (Some(b'\r'), None) if !self.ended => {
                        self.searched = at;
                        None
                    }
                    _ => Some((at, at + 1)),
                }
            }
            Cut::At(separator) => match rest.windows(separator.len()).position(|part| part == separator) {
                Some(at) => Some((self.searched + at, self.searched + at + separator.len())),
                None => {
                    self.searched = (self.held.len() + 1).saturating_sub(separator.len()).max(self.searched);
                    None
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cut: &Cut, parts: &[&str], rows: usize) -> Vec<String> {
        let parts: Vec<_> = parts.iter().map(|part| Ok(Bytes::from(part.to_string()))).collect();
        let found = batches(futures::stream::iter(parts).boxed(), cut.clone(), rows);
        let found: Vec<StringArray> = futures::executor::block_on(found.try_collect()).unwrap();
        found
            .iter()
            .flat_map(|batch| batch.iter().map(|record| record.unwrap().to_string()).collect::<Vec<_>>())
            .collect()
    }

    #[test]
    fn records_are_the_same_however_the_bytes_arrive() {
        let text = "\u{feff}x\ny\r\nz\rq\n\nlast";
        let wanted = ["x", "y", "z", "q", "", "last"];
        assert_eq!(cut(&Cut::Line, &[text], 100), wanted);
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        assert_eq!(cut(&Cut::Line, &letters, 2), wanted);
        assert_eq!(cut(&Cut::Line, &["x\r"], 2), ["x"]);
        assert_eq!(cut(&Cut::At(b"::".to_vec()), &["a:", ":b::", "c:"], 2), ["a", "b", "c:"]);
        assert_eq!(cut(&Cut::File, &["a\n", "b"], 2), ["a\nb"]);
        assert!(cut(&Cut::Line, &[], 2).is_empty());
    }
}
