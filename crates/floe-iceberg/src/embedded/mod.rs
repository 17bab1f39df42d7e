//! The catalog that needs nothing installed: SQLite for the names, a local directory for the files.
//!
//! The tables are those of Iceberg's `JdbcCatalog` V1 and of pyiceberg's `SqlCatalog`, so both open the same file. A
//! commit writes a metadata file, then swaps the pointer with `UPDATE … WHERE metadata_location = ?`; the row count
//! says who won. WAL and a busy timeout let several processes share it.
//!
//! `sqlite.rs` holds the statements, `commit.rs` says how tables change; this file says when each is used.

mod commit;
mod requirement;
mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use floe_base::{Error, Kind, Result};
use iceberg::spec::{TableMetadata, ViewMetadata};
use iceberg::{TableRequirement, TableUpdate};
use tempfile::TempDir;

use self::sqlite::{Entry, EntryKind, Move, Names};
use crate::catalog::{
    CommitError, IcebergCatalog, Ident, Loaded, LoadedView, NewTable, Properties, TableChange, new_metadata,
};
use crate::config::CatalogConfig;
use crate::error::{
    already_exists, namespace_exists, namespace_not_empty, namespace_not_found, table_not_found, view_not_found,
};
use crate::metadata_file;
use crate::storage::{Storage, directory_location};

/// The namespace every session starts in; it exists from the beginning.
const DEFAULT_NAMESPACE: &str = "default";

/// See the module's text.
#[derive(Debug)]
pub struct EmbeddedCatalog {
    config: CatalogConfig,
    names: Names,
    warehouse: String,
    storage: Storage,
    /// Keeps the files of an in-memory catalog until it goes.
    _scratch: Option<TempDir>,
}

impl EmbeddedCatalog {
    /// Opens the database, creating it, its tables and the namespace `default` where they are missing.
    pub async fn open(config: CatalogConfig) -> Result<Self> {
        let path = database_path(config.get("uri").unwrap_or(".floe/catalog.db"));
        let (warehouse, scratch) = warehouse(&config, path.as_deref())?;
        let key = config.get("catalog-name").unwrap_or(&config.name).to_string();
        let names = Names::open(path, key).await?;
        let storage = Storage::new(format!("catalog {}", config.name), config.properties().clone());
        let catalog = Self { config, names, warehouse, storage, _scratch: scratch };
        catalog.names.ensure_namespace(DEFAULT_NAMESPACE).await?;
        Ok(catalog)
    }

    async fn require_namespace(&self, namespace: &[String]) -> Result<()> {
        match self.namespace(namespace).await? {
            Some(_) => Ok(()),
            None => Err(namespace_not_found(self.name(), namespace)),
        }
    }

    /// Where a new table goes: the namespace's own `location`, else the warehouse.
    async fn default_location(&self, ident: &Ident) -> Result<String> {
        let properties = self.namespace(&ident.namespace).await?.unwrap_or_default();
        let folder = match properties.get("location") {
            Some(location) => location.trim_end_matches('/').to_string(),
            None => format!("{}/{}", self.warehouse, ident.namespace.join("/")),
        };
        Ok(format!("{folder}/{}", ident.name))
    }

    async fn new_metadata(&self, ident: &Ident, table: NewTable) -> Result<TableMetadata> {
        self.require_namespace(&ident.namespace).await?;
        if self.names.find(ident).await?.is_some() {
            return Err(already_exists(self.name(), ident));
        }
        let location = match &table.location {
            Some(location) => location.trim_end_matches('/').to_string(),
            None => self.default_location(ident).await?,
        };
        new_metadata(table, location)
    }

    fn loaded(&self, metadata: Arc<TableMetadata>, location: Option<String>) -> Loaded {
        Loaded { metadata, metadata_location: location, storage: self.storage.clone() }
    }
}

#[async_trait]
impl IcebergCatalog for EmbeddedCatalog {
    fn name(&self) -> &str {
        &self.config.name
    }

    fn config(&self) -> &CatalogConfig {
        &self.config
    }

    async fn list_namespaces(&self, parent: &[String]) -> Result<Vec<Vec<String>>> {
        let prefix = parent.len();
        let all = self.names.namespaces().await?;
        let mut found: Vec<Vec<String>> = all
            .into_iter()
            .map(|text| text.split('.').map(str::to_string).collect::<Vec<_>>())
            .filter(|parts: &Vec<String>| parts.len() > prefix && parts.starts_with(parent))
            .map(|mut parts| {
                parts.truncate(prefix + 1);
                parts
            })
            .collect();
        found.sort();
        found.dedup();
        Ok(found)
    }

    async fn namespace(&self, namespace: &[String]) -> Result<Option<Properties>> {
        self.names.namespace_properties(&namespace.join(".")).await
    }

    async fn create_namespace(&self, namespace: &[String], properties: Properties) -> Result<()> {
        if self.namespace(namespace).await?.is_some() {
            return Err(namespace_exists(self.name(), namespace));
        }
        self.names.set_namespace(&namespace.join("."), with_marker(properties), Vec::new()).await
    }

    async fn update_namespace(&self, namespace: &[String], set: Properties, remove: &[String]) -> Result<()> {
        self.require_namespace(namespace).await?;
        self.names.set_namespace(&namespace.join("."), set, remove.to_vec()).await
    }

    async fn drop_namespace(&self, namespace: &[String]) -> Result<()> {
        self.require_namespace(namespace).await?;
        let inside = !self.list_namespaces(namespace).await?.is_empty();
        // The emptiness of tables and views is decided in the statement that drops.
        if inside || !self.names.drop_namespace(&namespace.join(".")).await? {
            return Err(namespace_not_empty(self.name(), namespace));
        }
        Ok(())
    }

    async fn list_tables(&self, namespace: &[String]) -> Result<Vec<String>> {
        self.require_namespace(namespace).await?;
        self.names.list(&namespace.join("."), EntryKind::Table).await
    }

    async fn load(&self, ident: &Ident) -> Result<Option<Loaded>> {
        let Some(Entry { kind: EntryKind::Table, location }) = self.names.find(ident).await? else {
            return Ok(None);
        };
        let metadata = metadata_file::read(&self.storage, &location).await?;
        Ok(Some(self.loaded(metadata, Some(location))))
    }

    async fn create(&self, ident: &Ident, table: NewTable) -> Result<Loaded> {
        let metadata = self.new_metadata(ident, table).await?;
        self.publish_new(ident, metadata).await
    }

    async fn stage(&self, ident: &Ident, table: NewTable) -> Result<Loaded> {
        let metadata = self.new_metadata(ident, table).await?;
        // DuckDB's extension (1.5.5) writes manifests into this folder and does not make it.
        self.storage.make_folder(&metadata_file::folder(metadata.location(), metadata.properties())).await?;
        Ok(self.loaded(Arc::new(metadata), None))
    }

    async fn commit(
        &self,
        ident: &Ident,
        requirements: Vec<TableRequirement>,
        updates: Vec<TableUpdate>,
    ) -> Result<Loaded, CommitError> {
        let change = TableChange { ident: ident.clone(), requirements, updates };
        let mut committed = self.commit_all(std::slice::from_ref(&change)).await?;
        committed.pop().ok_or_else(|| CommitError::Unknown(Error::internal("a commit left no table")))
    }

    async fn commit_together(&self, changes: Vec<TableChange>) -> Result<(), CommitError> {
        self.commit_all(&changes).await.map(|_| ())
    }

    async fn rename(&self, from: &Ident, to: &Ident) -> Result<()> {
        self.rename_entry(from, to, EntryKind::Table).await
    }

    async fn drop_table(&self, ident: &Ident, purge: bool) -> Result<()> {
        let loaded = self.load(ident).await?.ok_or_else(|| table_not_found(self.name(), ident))?;
        if !self.names.delete(ident, EntryKind::Table).await? {
            return Err(table_not_found(self.name(), ident));
        }
        let keep = loaded.metadata.properties().get("gc.enabled").is_some_and(|value| value == "false");
        if purge && !keep {
            crate::commit::purge::purge(&loaded).await;
        }
        Ok(())
    }

    async fn register(&self, ident: &Ident, metadata_location: &str) -> Result<Loaded> {
        self.require_namespace(&ident.namespace).await?;
        let metadata = metadata_file::read(&self.storage, metadata_location).await?;
        if !self.names.insert(ident, EntryKind::Table, metadata_location).await? {
            return Err(already_exists(self.name(), ident));
        }
        Ok(self.loaded(metadata, Some(metadata_location.to_string())))
    }

    async fn list_views(&self, namespace: &[String]) -> Result<Vec<String>> {
        self.require_namespace(namespace).await?;
        self.names.list(&namespace.join("."), EntryKind::View).await
    }

    async fn view_location(&self, ident: &Ident) -> Result<String> {
        self.default_location(ident).await
    }

    async fn load_view(&self, ident: &Ident) -> Result<Option<LoadedView>> {
        let Some(Entry { kind: EntryKind::View, location }) = self.names.find(ident).await? else {
            return Ok(None);
        };
        Ok(Some(self.read_view(location).await?))
    }

    async fn register_view(&self, ident: &Ident, metadata_location: &str) -> Result<LoadedView> {
        self.require_namespace(&ident.namespace).await?;
        let loaded = self.read_view(metadata_location.to_string()).await?;
        match self.names.insert(ident, EntryKind::View, metadata_location).await? {
            true => Ok(loaded),
            false => Err(already_exists(self.name(), ident)),
        }
    }

    async fn put_view(&self, ident: &Ident, new: ViewMetadata, replaces: Option<LoadedView>) -> Result<LoadedView> {
        self.require_namespace(&ident.namespace).await?;
        let previous = replaces.and_then(|view| view.metadata_location);
        let location = metadata_file::next_location(new.location(), previous.as_deref(), new.properties());
        self.storage.put_new(&location, metadata_file::encode(&new, &location)?).await?;
        let next = Move { ident: ident.clone(), kind: EntryKind::View, from: previous.clone(), to: location.clone() };
        if !self.names.move_all(vec![next]).await? {
            self.storage.delete_quietly([location]).await;
            return Err(match previous {
                Some(_) => Error::message(Kind::Conflict, format!("view `{ident}` was changed by somebody else")),
                None => already_exists(self.name(), ident),
            });
        }
        Ok(LoadedView { metadata: Arc::new(new), metadata_location: Some(location) })
    }

    async fn rename_view(&self, from: &Ident, to: &Ident) -> Result<()> {
        self.rename_entry(from, to, EntryKind::View).await
    }

    async fn drop_view(&self, ident: &Ident) -> Result<()> {
        match self.names.delete(ident, EntryKind::View).await? {
            true => Ok(()),
            false => Err(view_not_found(self.name(), ident)),
        }
    }
}

impl EmbeddedCatalog {
    async fn read_view(&self, location: String) -> Result<LoadedView> {
        let bytes = self.storage.get(&location).await?;
        let json: serde_json::Value = metadata_file::parse_json(&bytes, &location)?;
        let metadata: ViewMetadata = serde_json::from_value(json)
            .map_err(|error| Error::message(Kind::Operation, format!("view metadata `{location}`: {error}")))?;
        Ok(LoadedView { metadata: Arc::new(metadata), metadata_location: Some(location) })
    }

    async fn rename_entry(&self, from: &Ident, to: &Ident, kind: EntryKind) -> Result<()> {
        self.require_namespace(&to.namespace).await?;
        if self.names.find(to).await?.is_some() {
            return Err(already_exists(self.name(), to));
        }
        match (self.names.rename(from, to, kind).await?, kind) {
            (true, _) => Ok(()),
            (false, EntryKind::Table) => Err(table_not_found(self.name(), from)),
            (false, EntryKind::View) => Err(view_not_found(self.name(), from)),
        }
    }
}

/// JdbcCatalog knows a namespace by its properties; one without any is told by `exists=true`, as Java writes it.
fn with_marker(mut properties: Properties) -> Properties {
    properties.insert("exists".into(), "true".into());
    properties
}

/// `jdbc:sqlite:/a.db`, `sqlite:////a.db` (as SQLAlchemy writes it), a plain path, or `:memory:`.
fn database_path(uri: &str) -> Option<PathBuf> {
    let path = uri.strip_prefix("jdbc:sqlite:").or(uri.strip_prefix("sqlite:///")).unwrap_or(uri);
    let path = path.strip_prefix("file:").unwrap_or(path);
    (path != ":memory:").then(|| PathBuf::from(path))
}

fn warehouse(config: &CatalogConfig, database: Option<&std::path::Path>) -> Result<(String, Option<TempDir>)> {
    if let Some(warehouse) = config.get("warehouse") {
        let location = match warehouse.contains(':') {
            true => warehouse.trim_end_matches('/').to_string(),
            false => directory_location(std::path::Path::new(warehouse))?,
        };
        return Ok((location, None));
    }
    if let Some(database) = database {
        let beside = database.parent().unwrap_or(std::path::Path::new(".")).join("warehouse");
        return Ok((directory_location(&beside)?, None));
    }
    let scratch = tempfile::tempdir()
        .map_err(|error| Error::message(Kind::Operation, format!("no temporary directory: {error}")))?;
    Ok((directory_location(scratch.path())?, Some(scratch)))
}
