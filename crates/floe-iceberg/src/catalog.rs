//! The one trait both catalogs stand behind, and the words it speaks.
//!
//! `embedded/` keeps its tables in SQLite, `rest/` asks a server. Everything above (`table.rs`, `commit/`, `view.rs`)
//! is written against [`IcebergCatalog`] and does not know which one it has. Names are taken as they come: case folding
//! and defaults are the resolver's business.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use floe_base::{Error, Kind, Result};
use iceberg::spec::{
    FormatVersion, Schema, SortOrder, TableMetadata, TableMetadataBuilder, UnboundPartitionSpec, ViewMetadata,
};
use iceberg::{TableRequirement, TableUpdate};

use crate::config::{CatalogConfig, CatalogKind};
use crate::error::Lift;
use crate::storage::Storage;

/// Where a table or view lives inside its catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ident {
    pub namespace: Vec<String>,
    pub name: String,
}

impl Ident {
    pub fn new<S: Into<String>>(namespace: impl IntoIterator<Item = S>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into_iter().map(Into::into).collect(), name: name.into() }
    }

    /// Catalog, namespace and name, in the order they are written.
    pub fn parts(&self, catalog: &str) -> Vec<String> {
        let mut parts = vec![catalog.to_string()];
        parts.extend(self.namespace.iter().cloned());
        parts.push(self.name.clone());
        parts
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.namespace {
            write!(f, "{part}.")?;
        }
        f.write_str(&self.name)
    }
}

/// Properties of a namespace, a table or a view.
pub type Properties = BTreeMap<String, String>;

/// What a new table shall be. Field ids in `schema` are placeholders: the catalog assigns the real ones.
#[derive(Clone, Debug)]
pub struct NewTable {
    pub schema: Schema,
    pub spec: UnboundPartitionSpec,
    pub order: SortOrder,
    pub location: Option<String>,
    pub format_version: FormatVersion,
    pub properties: Properties,
}

/// One version of a table as its catalog gave it out.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub metadata: Arc<TableMetadata>,
    /// Where that metadata stands; `None` for a table that is staged and not yet created.
    pub metadata_location: Option<String>,
    /// How to reach the table's files; carries vended credentials where the catalog gave some.
    pub storage: Storage,
}

/// One version of a view.
#[derive(Clone, Debug)]
pub struct LoadedView {
    pub metadata: Arc<ViewMetadata>,
    pub metadata_location: Option<String>,
}

/// Why a commit did not report success. The three cases ask for three different reactions, so they are three variants.
#[derive(Clone, Debug)]
pub enum CommitError {
    /// Somebody else was first; nothing was applied. Refresh, validate, try again.
    Conflict(Error),
    /// The request went out and no answer says whether it was applied. Delete nothing; look for the snapshot.
    Unknown(Error),
    /// Refused for good; nothing was applied.
    Failed(Error),
}

impl CommitError {
    pub fn into_error(self) -> Error {
        match self {
            Self::Conflict(error) | Self::Unknown(error) | Self::Failed(error) => error,
        }
    }
}

impl From<Error> for CommitError {
    fn from(error: Error) -> Self {
        match error.kind() {
            Kind::Conflict => Self::Conflict(error),
            _ => Self::Failed(error),
        }
    }
}

/// What one table of a commit shall become.
#[derive(Clone, Debug)]
pub struct TableChange {
    pub ident: Ident,
    pub requirements: Vec<TableRequirement>,
    pub updates: Vec<TableUpdate>,
}

/// A catalog of Iceberg tables and views.
///
/// A name that does not exist is `Ok(None)` where the answer is an `Option`, else Spark's `…_NOT_FOUND` condition.
#[async_trait]
pub trait IcebergCatalog: Send + Sync + fmt::Debug {
    /// The name the session knows it by, `spark_catalog` for the default one.
    fn name(&self) -> &str;

    fn config(&self) -> &CatalogConfig;

    // -- namespaces ------------------------------------------------------------------------------------------------

    /// The namespaces directly under `parent`, in full; the top level for an empty `parent`.
    async fn list_namespaces(&self, parent: &[String]) -> Result<Vec<Vec<String>>>;

    /// Properties of a namespace, `None` when it does not exist.
    async fn namespace(&self, namespace: &[String]) -> Result<Option<Properties>>;

    /// # Errors
    /// `SCHEMA_ALREADY_EXISTS`.
    async fn create_namespace(&self, namespace: &[String], properties: Properties) -> Result<()>;

    /// Sets and removes properties of an existing namespace.
    async fn update_namespace(&self, namespace: &[String], set: Properties, remove: &[String]) -> Result<()>;

    /// Drops an empty namespace. Cascading is the caller's: it drops what is inside first.
    ///
    /// # Errors
    /// `SCHEMA_NOT_EMPTY`, `SCHEMA_NOT_FOUND`.
    async fn drop_namespace(&self, namespace: &[String]) -> Result<()>;

    // -- tables ----------------------------------------------------------------------------------------------------

    /// Names of the tables in a namespace, sorted.
    async fn list_tables(&self, namespace: &[String]) -> Result<Vec<String>>;

    /// The current version of a table, `None` when there is no table of that name.
    async fn load(&self, ident: &Ident) -> Result<Option<Loaded>>;

    /// Creates an empty table.
    ///
    /// # Errors
    /// `TABLE_OR_VIEW_ALREADY_EXISTS`, `SCHEMA_NOT_FOUND`.
    async fn create(&self, ident: &Ident, table: NewTable) -> Result<Loaded>;

    /// Prepares a table without creating it: ids and location are fixed, files may be written under it, nobody else sees
    /// it. It comes to be by [`commit`](Self::commit) with `assert-create` and [`creation_updates`].
    async fn stage(&self, ident: &Ident, table: NewTable) -> Result<Loaded>;

    /// Applies `updates` if every requirement holds, all or nothing.
    async fn commit(
        &self,
        ident: &Ident,
        requirements: Vec<TableRequirement>,
        updates: Vec<TableUpdate>,
    ) -> Result<Loaded, CommitError>;

    /// Commits changes of several tables, all or none.
    ///
    /// # Errors
    /// A catalog that cannot is named.
    async fn commit_together(&self, changes: Vec<TableChange>) -> Result<(), CommitError> {
        let what = format!("one commit to {} tables of catalog `{}`", changes.len(), self.name());
        Err(CommitError::Failed(Error::unsupported(what)))
    }

    async fn rename(&self, from: &Ident, to: &Ident) -> Result<()>;

    /// Drops a table. `purge` asks for its files to go too; without it they stay.
    ///
    /// # Errors
    /// `TABLE_OR_VIEW_NOT_FOUND`.
    async fn drop_table(&self, ident: &Ident, purge: bool) -> Result<()>;

    /// Makes a table known whose metadata file exists already.
    async fn register(&self, ident: &Ident, metadata_location: &str) -> Result<Loaded>;

    // -- views -----------------------------------------------------------------------------------------------------

    /// Names of the views in a namespace, sorted. Empty when the catalog knows no views.
    async fn list_views(&self, namespace: &[String]) -> Result<Vec<String>>;

    /// Where the metadata of a new view goes.
    async fn view_location(&self, ident: &Ident) -> Result<String>;

    async fn load_view(&self, ident: &Ident) -> Result<Option<LoadedView>>;

    /// Puts a view's metadata in place of `replaces`, or creates it when that is `None`; fails with a conflict when the
    /// view is no longer what `replaces` says.
    async fn put_view(&self, ident: &Ident, new: ViewMetadata, replaces: Option<LoadedView>) -> Result<LoadedView>;

    /// Makes a view known whose metadata file exists already.
    ///
    /// # Errors
    /// A catalog that cannot is named.
    async fn register_view(&self, ident: &Ident, _metadata_location: &str) -> Result<LoadedView> {
        Err(Error::unsupported(format!("registering view `{ident}` in catalog `{}`", self.name())))
    }

    async fn rename_view(&self, from: &Ident, to: &Ident) -> Result<()>;

    /// # Errors
    /// `VIEW_NOT_FOUND`.
    async fn drop_view(&self, ident: &Ident) -> Result<()>;
}

/// Opens the catalog a configuration describes. Opening the embedded one creates its database where there is none;
/// a REST server is first asked when the first call needs it.
pub async fn open(config: CatalogConfig) -> Result<Arc<dyn IcebergCatalog>> {
    match config.kind {
        CatalogKind::Embedded => Ok(Arc::new(crate::embedded::EmbeddedCatalog::open(config).await?)),
        CatalogKind::Rest => Ok(Arc::new(crate::rest::RestCatalog::new(config)?)),
    }
}

/// The format version among a new table's properties, where Spark and the REST protocol have it; 2 when none is named.
pub fn take_format_version(properties: &mut Properties) -> Result<FormatVersion> {
    match properties.remove("format-version").as_deref() {
        None | Some("2") => Ok(FormatVersion::V2),
        Some("1") => Ok(FormatVersion::V1),
        Some("3") => Ok(FormatVersion::V3),
        Some(other) => Err(Error::unsupported(format!("Iceberg format version {other}"))),
    }
}

/// What Iceberg's Java library writes for every new table since 1.4 (`TableMetadata.persistedProperties`).
pub fn persisted_properties(mut properties: Properties) -> Properties {
    properties.entry("write.parquet.compression-codec".into()).or_insert_with(|| "zstd".into());
    properties
}

/// Metadata of a new table, with fresh field ids, as `createTable` of Iceberg's Java library makes it.
pub fn new_metadata(table: NewTable, location: String) -> Result<TableMetadata> {
    let builder = TableMetadataBuilder::new(
        table.schema,
        table.spec,
        table.order,
        location,
        table.format_version,
        table.properties.into_iter().collect(),
    )
    .lift()?;
    Ok(builder.build().lift()?.metadata)
}

/// The updates that make a staged table from nothing: the wire form of a create transaction (REST spec, `stage-create`).
pub fn creation_updates(metadata: &TableMetadata) -> Vec<TableUpdate> {
    vec![
        TableUpdate::AssignUuid { uuid: metadata.uuid() },
        TableUpdate::UpgradeFormatVersion { format_version: metadata.format_version() },
        TableUpdate::AddSchema { schema: metadata.current_schema().as_ref().clone() },
        TableUpdate::SetCurrentSchema { schema_id: -1 },
        TableUpdate::AddSpec { spec: metadata.default_partition_spec().as_ref().clone().into_unbound() },
        TableUpdate::SetDefaultSpec { spec_id: -1 },
        TableUpdate::AddSortOrder { sort_order: metadata.default_sort_order().as_ref().clone() },
        TableUpdate::SetDefaultSortOrder { sort_order_id: -1 },
        TableUpdate::SetLocation { location: metadata.location().to_string() },
        TableUpdate::SetProperties { updates: metadata.properties().clone() },
    ]
}
