//! A table at one version: what statements hold in their hands.
//!
//! Loading, creating and staging stand here; reading is `scan/`, writing `write/`, committing `commit/`. A [`Table`] never
//! changes: a commit gives a new one.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{Schema as ArrowSchema, SchemaRef};
use floe_base::{Error, Kind, Result};
use iceberg::spec::{
    MAIN_BRANCH, NullOrder, PartitionSpec, Schema, SnapshotRef, SnapshotReference, SortDirection, SortField, SortOrder,
    TableMetadata, Transform, UnboundPartitionSpec,
};
use iceberg::{TableRequirement, TableUpdate};

use crate::arrow_schema::{column_not_found, engine_schema, iceberg_schema};
use crate::catalog::{
    IcebergCatalog, Ident, Loaded, NewTable, Properties, creation_updates, persisted_properties, take_format_version,
};
use crate::error::{Lift, already_exists, table_not_found};
use crate::storage::Storage;

/// See the module's text.
#[derive(Clone, Debug)]
pub struct Table {
    pub catalog: Arc<dyn IcebergCatalog>,
    pub ident: Ident,
    pub metadata: Arc<TableMetadata>,
    pub metadata_location: Option<String>,
    pub storage: Storage,
    /// The branch statements read and write; `main` when `None`.
    pub branch: Option<String>,
    /// What the first commit must carry along, for a table that is staged.
    pub(crate) staged: Option<Arc<Staged>>,
}

/// A create or replace that waits for its rows.
#[derive(Clone, Debug)]
pub(crate) struct Staged {
    pub(crate) requirements: Vec<TableRequirement>,
    pub(crate) updates: Vec<TableUpdate>,
}

/// A partition field as `PARTITIONED BY` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionBy {
    /// Source column, dots for fields inside structs.
    pub column: String,
    pub transform: Transform,
    /// The field's name; Iceberg's own (`ts_day`) when `None`.
    pub name: Option<String>,
}

/// A sort field as `WRITE ORDERED BY` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy {
    pub column: String,
    pub transform: Transform,
    pub descending: bool,
    pub nulls_first: bool,
}

/// `CREATE TABLE`, and the first half of `CREATE TABLE … AS`.
#[derive(Clone, Debug)]
pub struct CreateTable {
    /// Columns of the engine. A field's metadata `comment` becomes its doc.
    pub schema: ArrowSchema,
    pub partitioning: Vec<PartitionBy>,
    pub order: Vec<OrderBy>,
    /// `format-version` and `comment` among them mean what they mean to Spark.
    pub properties: Properties,
    pub location: Option<String>,
    pub comment: Option<String>,
}

impl CreateTable {
    /// A table of these columns with nothing else said.
    pub fn new(schema: ArrowSchema) -> Self {
        Self {
            schema,
            partitioning: Vec::new(),
            order: Vec::new(),
            properties: Properties::new(),
            location: None,
            comment: None,
        }
    }
}

/// What to do when the name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// `CREATE TABLE`: an error.
    Fail,
    /// `CREATE OR REPLACE TABLE`.
    Replace,
}

impl Table {
    /// The table's current version, `None` when there is none of that name.
    pub async fn find(catalog: &Arc<dyn IcebergCatalog>, ident: &Ident) -> Result<Option<Self>> {
        let loaded = catalog.load(ident).await?;
        Ok(loaded.map(|loaded| Self::of(catalog, ident, loaded)))
    }

    /// The table's current version.
    ///
    /// # Errors
    /// `TABLE_OR_VIEW_NOT_FOUND`.
    pub async fn load(catalog: &Arc<dyn IcebergCatalog>, ident: &Ident) -> Result<Self> {
        Self::find(catalog, ident).await?.ok_or_else(|| table_not_found(catalog.name(), ident))
    }

    /// The version that is current now.
    pub async fn refresh(&self) -> Result<Self> {
        Ok(Self { branch: self.branch.clone(), ..Self::load(&self.catalog, &self.ident).await? })
    }

    /// The table as one of its branches: what is read and written is the branch.
    ///
    /// # Errors
    /// A branch that is not there, and a tag, which nobody writes.
    pub fn on_branch(&self, name: &str) -> Result<Self> {
        match self.refs().get(name) {
            Some(found) if found.is_branch() => Ok(Self { branch: Some(name.to_string()), ..self.clone() }),
            Some(_) => Err(Error::message(Kind::IllegalArgument, format!("{name} is not a branch"))),
            None => {
                let text = format!("Cannot use branch (does not exist): {name}");
                Err(Error::message(Kind::Validation, text))
            }
        }
    }

    pub(crate) fn of(catalog: &Arc<dyn IcebergCatalog>, ident: &Ident, loaded: Loaded) -> Self {
        Self {
            catalog: Arc::clone(catalog),
            ident: ident.clone(),
            metadata: loaded.metadata,
            metadata_location: loaded.metadata_location,
            storage: loaded.storage,
            branch: None,
            staged: None,
        }
    }

    /// The current columns as the engine sees them.
    pub fn schema(&self) -> SchemaRef {
        engine_schema(self.metadata.current_schema())
    }

    /// The snapshot a plain read sees; `None` for an empty table.
    pub fn snapshot(&self) -> Option<&SnapshotRef> {
        match &self.branch {
            Some(branch) => self.metadata.snapshot_for_ref(branch),
            None => self.metadata.current_snapshot(),
        }
    }

    /// Branches and tags by name.
    pub fn refs(&self) -> HashMap<String, SnapshotReference> {
        refs(&self.metadata)
    }

    /// True while the table exists for this statement alone.
    pub fn is_staged(&self) -> bool {
        self.staged.is_some()
    }
}

/// Creates an empty table (`CREATE TABLE`, `CREATE OR REPLACE TABLE` without a query).
///
/// # Errors
/// `TABLE_OR_VIEW_ALREADY_EXISTS` with [`IfExists::Fail`]. `IF NOT EXISTS` is the caller's: it asks first and takes that
/// error as done.
pub async fn create_table(
    catalog: &Arc<dyn IcebergCatalog>,
    ident: &Ident,
    create: CreateTable,
    if_exists: IfExists,
) -> Result<Table> {
    if if_exists == IfExists::Replace && catalog.load(ident).await?.is_some() {
        let staged = stage_table(catalog, ident, create, if_exists).await?;
        return crate::commit::publish_staged(&staged).await;
    }
    let loaded = catalog.create(ident, new_table(create)?).await?;
    Ok(Table::of(catalog, ident, loaded))
}

/// Prepares a table for `CREATE [OR REPLACE] TABLE … AS`: rows may be written into it, nobody sees it, and the commit of the
/// rows creates or replaces it in the same step.
pub async fn stage_table(
    catalog: &Arc<dyn IcebergCatalog>,
    ident: &Ident,
    create: CreateTable,
    if_exists: IfExists,
) -> Result<Table> {
    let existing = Table::find(catalog, ident).await?;
    match (existing, if_exists) {
        (Some(_), IfExists::Fail) => Err(already_exists(catalog.name(), ident)),
        (Some(existing), IfExists::Replace) => stage_replace(existing, new_table(create)?),
        (None, _) => {
            let loaded = catalog.stage(ident, new_table(create)?).await?;
            let staged =
                Staged { requirements: vec![TableRequirement::NotExist], updates: creation_updates(&loaded.metadata) };
            Ok(Table { staged: Some(Arc::new(staged)), ..Table::of(catalog, ident, loaded) })
        }
    }
}

/// A replaced table keeps its identity, its history, its properties where they are not set anew, and the field ids of
/// columns whose names return (Iceberg 1.10 `TableMetadata.buildReplacement`).
fn stage_replace(existing: Table, new: NewTable) -> Result<Table> {
    let base = Arc::clone(&existing.metadata);
    let schema = crate::alter::reuse_ids(&base, &new.schema)?;
    let spec = rebind(&new.spec, &new.schema, &schema)?;
    let order = reorder(&new.order, &new.schema, &schema)?;
    let mut builder = base.as_ref().clone().into_builder(existing.metadata_location.clone()).remove_ref(MAIN_BRANCH);
    if new.format_version > base.format_version() {
        builder = builder.upgrade_format_version(new.format_version).lift()?;
    }
    builder = builder.add_current_schema(schema).lift()?;
    builder = builder.add_default_partition_spec(spec).lift()?;
    builder = builder.add_sort_order(order).and_then(|builder| builder.set_default_sort_order(-1)).lift()?;
    if let Some(location) = &new.location {
        builder = builder.set_location(location.trim_end_matches('/').to_string());
    }
    builder = builder.set_properties(new.properties.into_iter().collect()).lift()?;
    let built = builder.build().lift()?;
    let staged = Staged {
        requirements: vec![
            TableRequirement::UuidMatch { uuid: base.uuid() },
            TableRequirement::LastAssignedFieldIdMatch { last_assigned_field_id: base.last_column_id() },
            TableRequirement::LastAssignedPartitionIdMatch { last_assigned_partition_id: base.last_partition_id() },
        ],
        updates: built.changes,
    };
    Ok(Table { metadata: Arc::new(built.metadata), staged: Some(Arc::new(staged)), ..existing })
}

fn new_table(create: CreateTable) -> Result<NewTable> {
    let schema = iceberg_schema(&create.schema)?;
    let mut properties = create.properties;
    let format_version = take_format_version(&mut properties)?;
    if let Some(comment) = create.comment {
        properties.insert("comment".into(), comment);
    }
    Ok(NewTable {
        spec: partition_spec(&schema, &create.partitioning)?,
        order: sort_order(&schema, &create.order)?,
        schema,
        location: create.location,
        format_version,
        properties: persisted_properties(properties),
    })
}

/// The spec of a `PARTITIONED BY` clause.
///
/// # Errors
/// Unknown columns, transforms that do not take the column's type, names used twice.
pub fn partition_spec(schema: &Schema, partitioning: &[PartitionBy]) -> Result<UnboundPartitionSpec> {
    let mut builder = PartitionSpec::builder(schema.clone());
    for part in partitioning {
        let source = source(schema, &part.column)?;
        let column = schema.name_by_field_id(source).unwrap_or(&part.column).to_string();
        let name = part.name.clone().unwrap_or_else(|| partition_name(&column, part.transform));
        builder = builder.add_partition_field(column, name, part.transform).map_err(refused)?;
    }
    Ok(builder.build().lift()?.into_unbound())
}

/// What Iceberg's rules forbid is the caller's argument, as Java throws it.
fn refused(error: iceberg::Error) -> Error {
    Error::message(Kind::IllegalArgument, error.message()).caused_by(error)
}

pub(crate) fn sort_order(schema: &Schema, order: &[OrderBy]) -> Result<SortOrder> {
    if order.is_empty() {
        return Ok(SortOrder::unsorted_order());
    }
    let mut builder = SortOrder::builder();
    builder.with_order_id(1);
    for part in order {
        let direction = if part.descending { SortDirection::Descending } else { SortDirection::Ascending };
        let null_order = if part.nulls_first { NullOrder::First } else { NullOrder::Last };
        let source_id = source(schema, &part.column)?;
        builder.with_sort_field(SortField { source_id, transform: part.transform, direction, null_order });
    }
    builder.build(schema).lift()
}

fn source(schema: &Schema, column: &str) -> Result<i32> {
    let found = schema.field_by_name(column).or_else(|| schema.field_by_name_case_insensitive(column));
    found.map(|field| field.id).ok_or_else(|| column_not_found(column, schema))
}

/// Iceberg's names for partition fields (1.10 `BaseUpdatePartitionSpec.PartitionNameGenerator`).
pub fn partition_name(column: &str, transform: Transform) -> String {
    match transform {
        Transform::Bucket(_) => format!("{column}_bucket"),
        Transform::Truncate(_) => format!("{column}_trunc"),
        Transform::Year => format!("{column}_year"),
        Transform::Month => format!("{column}_month"),
        Transform::Day => format!("{column}_day"),
        Transform::Hour => format!("{column}_hour"),
        Transform::Void => format!("{column}_null"),
        Transform::Identity | Transform::Unknown => column.to_string(),
    }
}

/// A spec that was made for `from`, for the same columns under the ids they have in `to`.
fn rebind(spec: &UnboundPartitionSpec, from: &Schema, to: &Schema) -> Result<UnboundPartitionSpec> {
    let mut builder = PartitionSpec::builder(to.clone());
    for field in spec.fields() {
        let column = from.name_by_field_id(field.source_id).unwrap_or_default();
        builder = builder.add_partition_field(column, field.name.clone(), field.transform).lift()?;
    }
    Ok(builder.build().lift()?.into_unbound())
}

fn reorder(order: &SortOrder, from: &Schema, to: &Schema) -> Result<SortOrder> {
    if order.is_unsorted() {
        return Ok(SortOrder::unsorted_order());
    }
    let mut builder = SortOrder::builder();
    builder.with_order_id(order.order_id);
    for field in &order.fields {
        let column = from.name_by_field_id(field.source_id).unwrap_or_default();
        builder.with_sort_field(SortField { source_id: source(to, column)?, ..field.clone() });
    }
    builder.build(to).lift()
}

/// Branches and tags; the library below keeps them to itself, its JSON does not.
pub(crate) fn refs(metadata: &TableMetadata) -> HashMap<String, SnapshotReference> {
    let json = serde_json::to_value(metadata).unwrap_or_default();
    json.get("refs").cloned().and_then(|refs| serde_json::from_value(refs).ok()).unwrap_or_default()
}
