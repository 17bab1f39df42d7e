//! Tables as DataFusion sees them.
//!
//! [`IcebergTable`] plans with Iceberg (`plan/`) and reads with DataFusion's own `ParquetSource`, so that row-group and page
//! pruning, dynamic filters and repartitioning are DataFusion's. Columns are matched by field id (`adapt.rs`). Files with
//! position deletes or deletion vectors carry an access plan that skips the deleted rows; equality deletes become an
//! anti-join (`deletes.rs`, `equality.rs`). Scans that must name each row's place (`_file`, `_pos`) use a reader of
//! their own (`positional.rs`).
//!
//! Three traps of DataFusion 53.1 are avoided here, see `source.rs`: a limit must not reach files with deletes, a bound that is
//! not exact must not look exact, and a row count is exact only without deletes.

mod adapt;
mod as_named;
mod deletes;
mod equality;
mod positional;
mod source;
mod statistics;

use std::any::Any;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema as ArrowSchema, SchemaRef as ArrowSchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::expressions::Column as PhysicalColumn;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use floe_base::{Error, Result};
use iceberg::spec::NestedFieldRef;
use parking_lot::Mutex;

use self::source::{DataScan, Group};
use crate::plan::{FileTask, count_manifests, plan_files};
use crate::table::Table;
use crate::time_travel::{Resolved, Version, resolve};

/// The data file a row stands in.
pub const FILE_COLUMN: &str = "_file";
/// The row's number in that file, from 0.
pub const POSITION_COLUMN: &str = "_pos";
/// The partition spec the file was written with.
pub const SPEC_COLUMN: &str = "_spec_id";

/// Manifests that are read only to decide where a query runs. A scan here reads the same ones, from the cache then.
const ESTIMATE_MANIFESTS_MAX: usize = 256;

/// The columns that tell where a row stands, in the order they follow the table's own.
pub fn identity_fields() -> [Field; 3] {
    [
        Field::new(FILE_COLUMN, DataType::Utf8, false),
        Field::new(POSITION_COLUMN, DataType::Int64, false),
        Field::new(SPEC_COLUMN, DataType::Int32, true),
    ]
}

/// What a scan shall give beside the table's current rows.
#[derive(Clone, Debug, Default)]
pub struct ScanOptions {
    /// Time travel.
    pub version: Option<Version>,
    /// Adds `_file` (string), `_pos` (bigint) and `_spec_id` (int) after the table's columns: what DELETE, UPDATE and MERGE
    /// tell rows by, and what a query may name.
    pub row_identity: bool,
    /// Only these data files, by path: the second pass of a copy-on-write statement.
    pub files: Option<Arc<HashSet<String>>>,
    /// Where the scan writes down what it was asked for.
    pub log: Option<ScanLog>,
}

/// The filters scans of a statement were given: what it looked at, and so what a conflict is judged by.
#[derive(Clone, Debug, Default)]
pub struct ScanLog(Arc<Mutex<Vec<Vec<Expr>>>>);

impl ScanLog {
    /// The filters, joined by AND, that every row the statement looked at meets; none of them (that is, every row) where
    /// several scans looked for different rows.
    pub fn filters(&self) -> Vec<Expr> {
        match self.0.lock().as_slice() {
            [first, others @ ..] if others.iter().all(|other| other == first) => first.clone(),
            _ => Vec::new(),
        }
    }

    fn note(&self, filters: &[Expr]) {
        self.0.lock().push(filters.iter().filter(|filter| !names_row_identity(filter)).cloned().collect());
    }
}

/// What a scan would read, before it does: for routing and for EXPLAIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanEstimate {
    pub files: usize,
    pub bytes: u64,
    /// Rows before deletes.
    pub rows: u64,
    pub files_with_deletes: usize,
}

/// A table at one version, ready to be scanned.
#[derive(Debug)]
pub struct IcebergTable {
    table: Table,
    resolved: Resolved,
    options: ScanOptions,
    schema: ArrowSchemaRef,
}

impl Table {
    /// The table as a provider of rows. All scans of one provider see one snapshot.
    pub fn provider(&self, options: ScanOptions) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(IcebergTable::new(self.clone(), options)?))
    }

    /// What a scan with these filters would read.
    pub async fn estimate(&self, version: Option<&Version>, filters: &[Expr]) -> Result<ScanEstimate> {
        let resolved = resolve(self, version)?;
        let tasks = plan_files(self, resolved.snapshot.as_deref(), &resolved.schema, filters).await?;
        Ok(ScanEstimate::of(&tasks))
    }
}

impl ScanEstimate {
    fn of(tasks: &[FileTask]) -> Self {
        let mut estimate = Self { files: tasks.len(), ..Self::default() };
        for task in tasks {
            estimate.bytes += task.entry.file.file_size_in_bytes();
            estimate.rows += task.entry.file.record_count();
            estimate.files_with_deletes += usize::from(task.has_deletes());
        }
        estimate
    }
}

impl IcebergTable {
    pub fn new(table: Table, options: ScanOptions) -> Result<Self> {
        let resolved = resolve(&table, options.version.as_ref())?;
        let mut fields: Vec<_> = resolved.columns().fields().iter().cloned().collect();
        if options.row_identity {
            fields.extend(identity_fields().map(Arc::new));
        }
        let schema = Arc::new(ArrowSchema::new(fields));
        Ok(Self { table, resolved, options, schema })
    }

    pub fn table(&self) -> &Table {
        &self.table
    }

    pub fn version(&self) -> &Resolved {
        &self.resolved
    }

    /// Whether the scan writes down what it was asked for: then it has to be asked, and not its files be read past it.
    pub fn is_logged(&self) -> bool {
        self.options.log.is_some()
    }

    /// The files a scan with these filters reads: for backends that read files themselves.
    pub async fn files(&self, filters: &[Expr]) -> Result<Vec<FileTask>> {
        let plain: Vec<Expr> = filters.iter().filter(|filter| !names_row_identity(filter)).cloned().collect();
        let snapshot = self.resolved.snapshot.as_deref();
        let mut tasks = plan_files(&self.table, snapshot, &self.resolved.schema, &plain).await?;
        if let Some(only) = &self.options.files {
            tasks.retain(|task| only.contains(task.entry.path()));
        }
        Ok(tasks)
    }

    /// What a scan with these filters would read; `None` where it takes more than a few manifests to know.
    pub async fn estimate(&self, filters: &[Expr]) -> Result<Option<ScanEstimate>> {
        let snapshot = self.resolved.snapshot.as_deref();
        if count_manifests(&self.table, snapshot, &self.resolved.schema, filters).await? > ESTIMATE_MANIFESTS_MAX {
            return Ok(None);
        }
        Ok(Some(ScanEstimate::of(&self.files(filters).await?)))
    }

    async fn plan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wanted: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        let output = Arc::new(self.schema.project(&wanted)?);
        let tasks = self.files(filters).await?;
        if tasks.is_empty() {
            return Ok(Arc::new(EmptyExec::new(output)));
        }
        let mut parts: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        for (keys, group) in by_equality_deletes(tasks) {
            let scan = DataScan::new(&self.table, &self.resolved.schema, self.options.row_identity, &keys)?;
            if keys.is_empty() {
                parts.extend(scan.plan(state, group, &wanted, limit).await?);
                continue;
            }
            let columns = scan.with_keys(&wanted);
            let deletes: Vec<_> = group.first().map(|task| equality_deletes(task)).unwrap_or_default();
            for part in scan.plan(state, group, &columns, None).await? {
                let kept = equality::without(&self.table, &scan, &deletes, part).await?;
                parts.push(first_columns(kept, &output)?);
            }
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => UnionExec::try_new(parts)?,
        })
    }
}

#[async_trait]
impl TableProvider for IcebergTable {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> ArrowSchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Inexact for all: bounds and partitions leave out files, the rows themselves are judged above the scan, or inside it
    /// where DataFusion pushes the filter down.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        if let Some(log) = &self.options.log {
            log.note(filters);
        }
        Ok(self.plan(state, projection, filters, limit).await?)
    }
}

fn names_row_identity(filter: &Expr) -> bool {
    let names = filter.column_refs();
    names.iter().any(|column| [FILE_COLUMN, POSITION_COLUMN, SPEC_COLUMN].contains(&column.name.as_str()))
}

fn equality_deletes(task: &FileTask) -> Vec<Arc<crate::manifest::FileEntry>> {
    let equality = iceberg::spec::DataContentType::EqualityDeletes;
    task.deletes.iter().filter(|delete| delete.file.content_type() == equality).cloned().collect()
}

/// Files by the set of equality deletes that apply to them; files without any come under the empty set of key columns.
fn by_equality_deletes(tasks: Vec<FileTask>) -> Vec<(Vec<i32>, Group)> {
    let mut groups: BTreeMap<Vec<String>, (Vec<i32>, Group)> = BTreeMap::new();
    for task in tasks {
        let deletes = equality_deletes(&task);
        let mut paths: Vec<String> = deletes.iter().map(|delete| delete.path().to_string()).collect();
        paths.sort();
        let mut keys: Vec<i32> =
            deletes.iter().flat_map(|delete| delete.file.equality_ids().unwrap_or_default()).collect();
        keys.sort_unstable();
        keys.dedup();
        groups.entry(paths).or_insert_with(|| (keys, Group::new())).1.push(task);
    }
    groups.into_values().collect()
}

/// Drops the key columns that were read for a join alone.
fn first_columns(plan: Arc<dyn ExecutionPlan>, output: &ArrowSchemaRef) -> Result<Arc<dyn ExecutionPlan>> {
    if plan.schema().fields().len() == output.fields().len() {
        return Ok(plan);
    }
    let columns = output.fields().iter().enumerate().map(|(index, field)| {
        let expr: Arc<dyn PhysicalExpr> = Arc::new(PhysicalColumn::new(field.name(), index));
        ProjectionExpr { expr, alias: field.name().clone() }
    });
    Ok(Arc::new(ProjectionExec::try_new(columns.collect::<Vec<_>>(), plan)?))
}

/// A field by id in the schema read, else in any schema the table ever had: an equality delete may name a dropped column.
pub(crate) fn any_field(table: &Table, schema: &iceberg::spec::Schema, id: i32) -> Result<NestedFieldRef> {
    if let Some(field) = schema.field_by_id(id) {
        return Ok(Arc::clone(field));
    }
    let mut schemas: Vec<_> = table.metadata.schemas_iter().collect();
    schemas.sort_by_key(|schema| std::cmp::Reverse(schema.schema_id()));
    let found = schemas.into_iter().find_map(|schema| schema.field_by_id(id).cloned());
    found.ok_or_else(|| Error::unsupported(format!("equality deletes on the unknown field {id}")))
}
