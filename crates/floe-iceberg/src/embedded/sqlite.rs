//! The statements behind the embedded catalog, and nothing else.
//!
//! DDL as `JdbcCatalog` V1 has it (Iceberg 1.10, `JdbcUtil.java`). Every call runs on the blocking pool; a statement is
//! its own transaction unless the function says otherwise.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use floe_base::{Error, Kind, Result};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::catalog::{Ident, Properties};
use crate::error::Lift;

/// How long a writer waits for another process's transaction, all of which are a few statements long.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

const CREATE: &str = "
CREATE TABLE IF NOT EXISTS iceberg_tables (
  catalog_name VARCHAR(255) NOT NULL,
  table_namespace VARCHAR(255) NOT NULL,
  table_name VARCHAR(255) NOT NULL,
  metadata_location VARCHAR(1000),
  previous_metadata_location VARCHAR(1000),
  iceberg_type VARCHAR(5),
  PRIMARY KEY (catalog_name, table_namespace, table_name));
CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
  catalog_name VARCHAR(255) NOT NULL,
  namespace VARCHAR(255) NOT NULL,
  property_key VARCHAR(255) NOT NULL,
  property_value VARCHAR(1000),
  PRIMARY KEY (catalog_name, namespace, property_key));";

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Table,
    View,
}

impl EntryKind {
    fn word(self) -> &'static str {
        match self {
            Self::Table => "TABLE",
            Self::View => "VIEW",
        }
    }
}

pub(super) struct Entry {
    pub(super) kind: EntryKind,
    pub(super) location: String,
}

/// One name's step to its next metadata file.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub(super) ident: Ident,
    pub(super) kind: EntryKind,
    /// Where it must stand until now; `None` for a name that is new.
    pub(super) from: Option<String>,
    pub(super) to: String,
}

impl Move {
    /// False when the name is taken, or stands elsewhere.
    fn apply(&self, transaction: &Transaction<'_>, catalog: &str) -> rusqlite::Result<bool> {
        let (namespace, name) = key(&self.ident);
        let (to, kind) = (&self.to, self.kind.word());
        let rows = match &self.from {
            None => {
                let sql = "INSERT OR IGNORE INTO iceberg_tables
                           (catalog_name, table_namespace, table_name, metadata_location, iceberg_type)
                           VALUES (?1, ?2, ?3, ?4, ?5)";
                transaction.execute(sql, params![catalog, namespace, name, to, kind])?
            }
            Some(from) => {
                let sql = "UPDATE iceberg_tables SET metadata_location = ?1, previous_metadata_location = ?2
                           WHERE catalog_name = ?3 AND table_namespace = ?4 AND table_name = ?5
                             AND metadata_location = ?2 AND COALESCE(iceberg_type, 'TABLE') = ?6";
                transaction.execute(sql, params![to, from, catalog, namespace, name, kind])?
            }
        };
        Ok(rows == 1)
    }
}

/// The names of one catalog in a database that may hold several.
#[derive(Clone, Debug)]
pub(super) struct Names {
    connection: Arc<Mutex<Connection>>,
    catalog: String,
}

impl Names {
    /// Opens or creates the database; `None` is one in memory.
    pub(super) async fn open(path: Option<PathBuf>, catalog: String) -> Result<Self> {
        let connection = tokio::task::spawn_blocking(move || connect(path)).await.lift()??;
        Ok(Self { connection: Arc::new(Mutex::new(connection)), catalog })
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection, &str) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let names = self.clone();
        tokio::task::spawn_blocking(move || work(&mut names.connection.lock(), &names.catalog)).await.lift()?.lift()
    }

    // -- tables and views --------------------------------------------------------------------------------------------

    pub(super) async fn find(&self, ident: &Ident) -> Result<Option<Entry>> {
        let (namespace, name) = key(ident);
        self.run(move |connection, catalog| {
            let sql = "SELECT metadata_location, iceberg_type FROM iceberg_tables
                       WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let row = |row: &rusqlite::Row<'_>| {
                let kind: Option<String> = row.get(1)?;
                // Rows of schema V0 and of pyiceberg carry no type: they are tables.
                let kind = if kind.as_deref() == Some("VIEW") { EntryKind::View } else { EntryKind::Table };
                Ok(Entry { kind, location: row.get(0)? })
            };
            statement.query_row(params![catalog, namespace, name], row).optional()
        })
        .await
    }

    pub(super) async fn list(&self, namespace: &str, kind: EntryKind) -> Result<Vec<String>> {
        let namespace = namespace.to_string();
        self.run(move |connection, catalog| {
            let sql = "SELECT table_name FROM iceberg_tables
                       WHERE catalog_name = ?1 AND table_namespace = ?2 AND COALESCE(iceberg_type, 'TABLE') = ?3
                       ORDER BY table_name";
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_map(params![catalog, namespace, kind.word()], |row| row.get(0))?.collect()
        })
        .await
    }

    /// False when the name is taken.
    pub(super) async fn insert(&self, ident: &Ident, kind: EntryKind, location: &str) -> Result<bool> {
        self.move_all(vec![Move { ident: ident.clone(), kind, from: None, to: location.into() }]).await
    }

    /// Moves names to their next metadata files in one transaction: all, or none and false when one of them no longer
    /// stood where it is to move from.
    pub(super) async fn move_all(&self, moves: Vec<Move>) -> Result<bool> {
        self.run(move |connection, catalog| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for one in &moves {
                if !one.apply(&transaction, catalog)? {
                    return Ok(false);
                }
            }
            transaction.commit().map(|()| true)
        })
        .await
    }

    pub(super) async fn rename(&self, from: &Ident, to: &Ident, kind: EntryKind) -> Result<bool> {
        let (from_namespace, from_name) = key(from);
        let (to_namespace, to_name) = key(to);
        self.run(move |connection, catalog| {
            let sql = "UPDATE OR IGNORE iceberg_tables SET table_namespace = ?1, table_name = ?2
                       WHERE catalog_name = ?3 AND table_namespace = ?4 AND table_name = ?5
                         AND COALESCE(iceberg_type, 'TABLE') = ?6";
            let values = params![to_namespace, to_name, catalog, from_namespace, from_name, kind.word()];
            Ok(connection.execute(sql, values)? == 1)
        })
        .await
    }

    pub(super) async fn delete(&self, ident: &Ident, kind: EntryKind) -> Result<bool> {
        let (namespace, name) = key(ident);
        self.run(move |connection, catalog| {
            let sql = "DELETE FROM iceberg_tables WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3
                         AND COALESCE(iceberg_type, 'TABLE') = ?4";
            Ok(connection.execute(sql, params![catalog, namespace, name, kind.word()])? == 1)
        })
        .await
    }

    // -- namespaces --------------------------------------------------------------------------------------------------

    pub(super) async fn namespaces(&self) -> Result<Vec<String>> {
        self.run(|connection, catalog| {
            let sql = "SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = ?1
                       UNION SELECT table_namespace FROM iceberg_tables WHERE catalog_name = ?1 ORDER BY 1";
            let mut statement = connection.prepare_cached(sql)?;
            statement.query_map(params![catalog], |row| row.get(0))?.collect()
        })
        .await
    }

    pub(super) async fn namespace_properties(&self, namespace: &str) -> Result<Option<Properties>> {
        let namespace = namespace.to_string();
        self.run(move |connection, catalog| {
            let sql = "SELECT property_key, property_value FROM iceberg_namespace_properties
                       WHERE catalog_name = ?1 AND namespace = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![catalog, namespace], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default()))
            })?;
            let mut properties: Properties = rows.collect::<rusqlite::Result<_>>()?;
            if !properties.is_empty() {
                properties.remove("exists");
                return Ok(Some(properties));
            }
            // A namespace may exist through what is in it alone.
            let sql = "SELECT 1 FROM iceberg_tables WHERE catalog_name = ?1
                         AND (table_namespace = ?2 OR substr(table_namespace, 1, length(?2) + 1) = ?2 || '.')
                       UNION ALL SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1
                         AND substr(namespace, 1, length(?2) + 1) = ?2 || '.' LIMIT 1";
            let implied = connection.query_row(sql, params![catalog, namespace], |_| Ok(())).optional()?;
            Ok(implied.map(|()| Properties::new()))
        })
        .await
    }

    pub(super) async fn ensure_namespace(&self, namespace: &str) -> Result<()> {
        let namespace = namespace.to_string();
        self.run(move |connection, catalog| {
            let sql = "INSERT OR IGNORE INTO iceberg_namespace_properties VALUES (?1, ?2, 'exists', 'true')";
            connection.execute(sql, params![catalog, namespace]).map(|_| ())
        })
        .await
    }

    pub(super) async fn set_namespace(&self, namespace: &str, set: Properties, remove: Vec<String>) -> Result<()> {
        let namespace = namespace.to_string();
        self.run(move |connection, catalog| {
            let transaction = connection.transaction()?;
            for (name, value) in &set {
                let sql = "INSERT INTO iceberg_namespace_properties VALUES (?1, ?2, ?3, ?4)
                           ON CONFLICT DO UPDATE SET property_value = excluded.property_value";
                transaction.execute(sql, params![catalog, namespace, name, value])?;
            }
            for name in &remove {
                let sql = "DELETE FROM iceberg_namespace_properties
                           WHERE catalog_name = ?1 AND namespace = ?2 AND property_key = ?3";
                transaction.execute(sql, params![catalog, namespace, name])?;
            }
            transaction.commit()
        })
        .await
    }

    /// Drops a namespace with nothing in it; false when something is.
    pub(super) async fn drop_namespace(&self, namespace: &str) -> Result<bool> {
        let namespace = namespace.to_string();
        self.run(move |connection, catalog| {
            let sql = "DELETE FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND namespace = ?2
                       AND NOT EXISTS (SELECT 1 FROM iceberg_tables WHERE catalog_name = ?1 AND table_namespace = ?2)";
            Ok(connection.execute(sql, params![catalog, namespace])? > 0)
        })
        .await
    }
}

fn key(ident: &Ident) -> (String, String) {
    (ident.namespace.join("."), ident.name.clone())
}

fn connect(path: Option<PathBuf>) -> Result<Connection> {
    let connection = match &path {
        Some(path) => {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(|error| {
                    Error::message(Kind::Operation, format!("directory {}: {error}", parent.display()))
                })?;
            }
            Connection::open(path).lift()?
        }
        None => Connection::open_in_memory().lift()?,
    };
    connection.busy_timeout(BUSY_TIMEOUT).lift()?;
    if path.is_some() {
        connection.pragma_update(None, "journal_mode", "WAL").lift()?;
    }
    connection.execute_batch(CREATE).lift()?;
    upgrade(&connection)?;
    Ok(connection)
}

/// A database from before views (schema V0, and pyiceberg's older ones) gains the column that tells views from tables.
fn upgrade(connection: &Connection) -> Result<()> {
    let sql = "SELECT 1 FROM pragma_table_info('iceberg_tables') WHERE name = 'iceberg_type'";
    let present = connection.query_row(sql, [], |_| Ok(())).optional().lift()?;
    if present.is_none() {
        connection.execute_batch("ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)").lift()?;
    }
    Ok(())
}
