//! Other databases as catalogs, which DuckDB attaches: files of its own, SQLite's files, servers of PostgreSQL's. What
//! another program made is read and written here under Spark's names and types, and may be moved to Iceberg a table at a
//! time.
//!
//! | file | what |
//! |---|---|
//! | `kind.rs` | whose databases these are, and in what they differ |
//! | `place.rs` | what a catalog's settings say: which database, and how it may be used |
//! | `catalog.rs` | names: schemas, tables, views |
//! | `columns.rs` | the types of its tables as Spark's, and what no type of Spark's is |
//! | `table.rs` | a table: DuckDB reads it as it stands, DataFusion gets its rows as a stream |
//! | `put.rs` | rows into a table, in one transaction |
//!
//! A database is attached to the one database of the process, so a plan joins its tables with all others.

mod catalog;
mod columns;
mod kind;
mod place;
mod put;
mod table;

use std::fmt;
use std::sync::Arc;

use duckdb::Connection;
use floe_base::{Error, Kind, Result};
use tokio::runtime::Handle;

use super::config::SESSION;
use super::database::{Attachment, Database};
use super::failure;
use super::types::quote;
use crate::datafusion::DataFusion;
pub use kind::AttachedKind;
pub(super) use place::{Location, Place};
pub(super) use table::AttachedTable;

/// One database, under the name a session knows it by.
#[derive(Clone)]
pub(super) struct Attached {
    place: Arc<Place>,
    attachment: Attachment,
    database: Arc<Database>,
    datafusion: Arc<DataFusion>,
    threads: Handle,
}

impl Attached {
    /// Attaches it; blocks while it is opened.
    pub(super) fn open(
        place: Place,
        database: Arc<Database>,
        datafusion: Arc<DataFusion>,
        threads: Handle,
    ) -> Result<Self> {
        let attachment = database.attach(&place).map_err(|text| place.cannot_open(&text))?;
        if attachment.read_only && !place.read_only {
            return Err(place.is_read_only_elsewhere());
        }
        Ok(Self { place: Arc::new(place), attachment, database, datafusion, threads })
    }

    /// Runs something that blocks, with a connection of its own.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let file = self.clone();
        let asked = self.threads.spawn_blocking(move || work(&file, &file.connect()?)).await;
        asked.map_err(|error| Error::internal(format!("a thread that asks DuckDB: {error}")))?
    }

    fn connect(&self) -> Result<Connection> {
        let connection = self.database.connect()?;
        connection.execute_batch(SESSION).map_err(said)?;
        Ok(connection)
    }

    /// A name in the file, whole and quoted.
    fn whole(&self, schema: &str, name: &str) -> String {
        format!("{}.{}.{}", quote(&self.attachment.alias), quote(schema), quote(name))
    }

    /// Who wants to change something may.
    fn writable(&self) -> Result<()> {
        if !self.place.read_only {
            return Ok(());
        }
        let name = &self.place.name;
        let text = format!("catalog `{name}` is only read: spark.sql.catalog.{name}.read-only is true");
        Err(Error::message(Kind::IllegalArgument, text))
    }
}

/// DuckDB's error as ours.
fn said(error: duckdb::Error) -> Error {
    failure::error(&failure::text(&error))
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attached({} at {})", self.place.name, self.place.location)
    }
}
