//! From planned files to DataFusion plans.
//!
//! Files without position deletes go through `ParquetSource` with statistics and the query's limit. Files with them carry an
//! access plan; for those the limit stays out, because DataFusion 53.1's `prune_by_limit` would make the plan anew and forget
//! the deletes.

use std::sync::Arc;

use arrow_schema::FieldRef;
use datafusion::catalog::Session;
use datafusion::common::ScalarValue;
use datafusion::common::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_plan::ExecutionPlan;
use floe_base::{Error, Result};
use futures::{StreamExt, TryStreamExt};
use iceberg::spec::{DataFileFormat, SchemaRef};
use indexmap::IndexMap;
use object_store::ObjectMeta;

use super::adapt::{Constants, FieldMap};
use super::deletes::{access_plan, position_deletes};
use super::positional::PositionalScan;
use super::{any_field, identity_fields, statistics};
use crate::plan::FileTask;
use crate::storage::Place;
use crate::table::Table;

/// Delete files and footers read at once while planning.
const DELETE_CONCURRENCY: usize = 8;

/// Files that are scanned alike.
pub(super) type Group = Vec<FileTask>;

/// Files that can share one plan.
type Sets = IndexMap<(ObjectStoreUrl, Constants), Vec<(FileTask, Place)>>;

/// How a group of files is read: which columns there are, and where.
pub(super) struct DataScan {
    pub(super) table: Table,
    pub(super) map: FieldMap,
    /// Columns of the table itself; what comes after them in `map` are keys of equality deletes the table has dropped.
    table_columns: usize,
    /// Positions of the keys of equality deletes in `map`.
    keys: Vec<usize>,
    row_identity: bool,
}

impl DataScan {
    pub(super) fn new(table: &Table, schema: &SchemaRef, row_identity: bool, key_ids: &[i32]) -> Result<Self> {
        let fields = schema.as_struct().fields();
        let mut columns: Vec<_> = fields.iter().map(|field| (field.name.clone(), Arc::clone(field))).collect();
        let table_columns = columns.len();
        let mut keys = Vec::new();
        for id in key_ids {
            if let Some(index) = columns.iter().position(|(_, field)| field.id == *id) {
                keys.push(index);
                continue;
            }
            let field = any_field(table, schema, *id)?;
            keys.push(columns.len());
            columns.push((format!("delete key {id}"), field));
        }
        let map = FieldMap::new(&table.metadata, columns)?;
        Ok(Self { table: table.clone(), map, table_columns, keys, row_identity })
    }

    /// The wanted columns of the provider, and after them the delete keys, as columns of this scan.
    pub(super) fn with_keys(&self, wanted: &[usize]) -> Vec<usize> {
        // Hidden keys come after the row's identity in this scan's numbering, see `column`.
        let identity = if self.row_identity { identity_fields().len() } else { 0 };
        let keys = self.keys.iter().map(|key| if *key < self.table_columns { *key } else { key + identity });
        let missing = keys.filter(|key| !wanted.contains(key));
        wanted.iter().copied().chain(missing).collect()
    }

    /// Name of a key column, as it stands in the scan's output.
    pub(super) fn key_name(&self, id: i32) -> Option<&str> {
        self.map.columns.iter().find(|(_, field)| field.id == id).map(|(name, _)| name.as_str())
    }

    /// What an index of the scan's numbering means: the table's columns, `_file`, `_pos`, `_spec_id`, then hidden keys.
    pub(super) fn column(&self, index: usize) -> ScanColumn {
        if index < self.table_columns {
            return ScanColumn::Field(index);
        }
        match (self.row_identity, index - self.table_columns) {
            (true, 0) => ScanColumn::File,
            (true, 1) => ScanColumn::Position,
            (true, 2) => ScanColumn::Spec,
            (true, beyond) => ScanColumn::Field(self.table_columns + beyond - identity_fields().len()),
            (false, _) => ScanColumn::Field(index),
        }
    }

    /// Plans that together give the group's rows, columns as in `wanted`.
    pub(super) async fn plan(
        &self,
        state: &dyn Session,
        group: Group,
        wanted: &[usize],
        limit: Option<usize>,
    ) -> Result<Vec<Arc<dyn ExecutionPlan>>> {
        for task in &group {
            if task.entry.file.file_format() != DataFileFormat::Parquet {
                return Err(Error::unsupported(format!("reading {} data files", task.entry.file.file_format())));
            }
        }
        let columns: Vec<ScanColumn> = wanted.iter().map(|index| self.column(*index)).collect();
        if columns.contains(&ScanColumn::Position) {
            return Ok(vec![self.positional(state, group, columns).await?]);
        }
        // One plan per store and per set of columns that files leave out, with and without deletes apart.
        let mut plain: Sets = IndexMap::new();
        let mut deleted: Sets = IndexMap::new();
        for task in group {
            let place = self.table.storage.place(task.entry.path())?;
            self.table.storage.register(state.runtime_env(), &place);
            let constants = self.map.constants_of(&self.table.metadata, &task.entry);
            let side = if position_deletes(&task).is_empty() { &mut plain } else { &mut deleted };
            side.entry((place.url.clone(), constants)).or_default().push((task, place));
        }
        let mut plans = Vec::new();
        for ((url, constants), files) in plain {
            let map = self.map.with_constants(constants);
            let files: Vec<_> =
                files.into_iter().map(|(task, place)| self.file(&task, &place)).collect::<Result<_>>()?;
            plans.push(self.source(state, url, map, files, &columns, limit)?);
        }
        for ((url, constants), files) in deleted {
            let map = self.map.with_constants(constants);
            let files: Vec<PartitionedFile> = futures::stream::iter(files)
                .map(|(task, place)| async move {
                    let mut file = self.file(&task, &place)?;
                    let plan = access_plan(state, &self.table.storage, &task, &place, &file.object_meta).await?;
                    file.extensions = Some(Arc::new(plan));
                    Ok::<_, Error>(file)
                })
                .buffered(DELETE_CONCURRENCY)
                .try_collect()
                .await?;
            plans.push(self.source(state, url, map, files, &columns, None)?);
        }
        Ok(plans)
    }

    fn file(&self, task: &FileTask, place: &Place) -> Result<PartitionedFile> {
        let mut file = PartitionedFile::new_from_meta(object_meta(task, place));
        if self.row_identity {
            let path = ScalarValue::Utf8(Some(task.entry.path().to_string()));
            file = file.with_partition_values(vec![path, ScalarValue::Int32(Some(task.entry.spec_id))]);
        }
        Ok(file.with_statistics(Arc::new(statistics::of_file(task, &self.map)?)))
    }

    fn source(
        &self,
        state: &dyn Session,
        url: ObjectStoreUrl,
        map: FieldMap,
        files: Vec<PartitionedFile>,
        columns: &[ScanColumn],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let file_schema = self.map.engine_schema();
        let [file, _, spec] = identity_fields().map(Arc::new);
        let extra: Vec<FieldRef> = if self.row_identity { vec![file, spec] } else { Vec::new() };
        let width = self.map.columns.len() + extra.len();
        let table_schema = TableSchema::new(file_schema, extra);
        let runtime = state.runtime_env();
        let cache = runtime.cache_manager.get_file_metadata_cache();
        let store = runtime.object_store(&url)?;
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let source = ParquetSource::new(table_schema)
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(store, cache)));
        let summary = statistics::of_scan(&files, width);
        let count = self.map.columns.len();
        let projection = columns.iter().map(|column| match column {
            ScanColumn::Field(index) => *index,
            ScanColumn::File | ScanColumn::Position => count,
            ScanColumn::Spec => count + 1,
        });
        let groups = spread(files, state.config().target_partitions());
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(summary)
            .with_limit(limit)
            .with_expr_adapter(Some(Arc::new(map)))
            .with_projection_indices(Some(projection.collect()))?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    async fn positional(
        &self,
        state: &dyn Session,
        group: Group,
        columns: Vec<ScanColumn>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = state.config().target_partitions();
        let batch_rows = state.config().batch_size();
        let tasks = group.into_iter().map(|task| {
            let constants = self.map.constants_of(&self.table.metadata, &task.entry);
            (task, constants)
        });
        let tasks = tasks.collect();
        let plan = PositionalScan::new(&self.table.storage, self.map.clone(), columns, tasks, partitions, batch_rows)?;
        Ok(Arc::new(plan))
    }
}

/// A column of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScanColumn {
    /// A column of the map.
    Field(usize),
    File,
    Position,
    Spec,
}

/// Iceberg's files never change, so a fixed date stands for their age: it makes footers cacheable without asking the store.
pub(super) fn object_meta(task: &FileTask, place: &Place) -> ObjectMeta {
    ObjectMeta {
        location: place.path.clone(),
        last_modified: chrono::DateTime::UNIX_EPOCH,
        size: task.entry.file.file_size_in_bytes(),
        e_tag: None,
        version: None,
    }
}

/// Files into as many groups as there are partitions, largest first into the least filled. DataFusion cuts large files into
/// ranges itself.
fn spread(mut files: Vec<PartitionedFile>, partitions: usize) -> Vec<FileGroup> {
    let count = partitions.clamp(1, files.len().max(1));
    files.sort_by_key(|file| std::cmp::Reverse(file.object_meta.size));
    let mut bins: Vec<(u64, Vec<PartitionedFile>)> = vec![(0, Vec::new()); count];
    for file in files {
        if let Some(least) = bins.iter_mut().min_by_key(|(bytes, _)| *bytes) {
            least.0 += file.object_meta.size;
            least.1.push(file);
        }
    }
    bins.into_iter().map(|(_, files)| FileGroup::new(files)).collect()
}
