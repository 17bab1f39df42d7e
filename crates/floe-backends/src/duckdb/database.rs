//! The one database in memory: where its connections come from, and which functions it may call back.
//!
//! The crate `duckdb` has no name for two things that are needed here: a scalar function of any arguments that sees NULLs,
//! and Arrow arrays in both directions inside one. So the database is opened through the C interface, and the crate's
//! connections are made over it. All such calls are here and in `callback.rs`.

#![expect(unsafe_code, reason = "the C interface of DuckDB, for what the crate over it does not offer")]

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::path::PathBuf;
use std::ptr;
use std::sync::Arc;

use duckdb::{Connection, ffi};
use floe_base::{Error, Result};
use parking_lot::Mutex;
use tempfile::TempDir;

use super::attached::{Location, Place};
use super::callback::{self, Calls};
use super::copies::Copies;
use super::remote::Remote;
use super::scan::Streams;
use super::types::text;
use super::{Config, extension};
use crate::memory::Budget;

/// Owns the database, and one connection that belongs to no query.
#[derive(Debug)]
pub(super) struct Database {
    raw: ffi::duckdb_database,
    /// For registering functions, and for what conversions ask of a connection.
    own: Mutex<Own>,
    calls: Arc<Calls>,
    streams: Arc<Streams>,
    copies: Copies,
    remote: Remote,
    /// The databases that are attached, under the names they have in SQL.
    attached: Mutex<Vec<(Location, Attachment)>>,
    extensions: Option<PathBuf>,
    /// Its queries take their part of it.
    memory: Budget,
    /// Goes with the database, or when that ends.
    spill_folder: Mutex<Option<TempDir>>,
}

/// Another database that is open here.
#[derive(Clone, Debug)]
pub(super) struct Attachment {
    /// Its name in SQL.
    pub(super) alias: String,
    pub(super) read_only: bool,
}

#[derive(Debug)]
struct Own {
    connection: ffi::duckdb_connection,
    /// The functions registered so far, by the type they return.
    functions: HashMap<String, String>,
}

// SAFETY: DuckDB's database handle may be used from any thread; the connection is used under its lock, and by
// conversions only to read settings that nobody changes after `open`.
unsafe impl Send for Database {}
// SAFETY: as above.
unsafe impl Sync for Database {}

impl Database {
    pub(super) fn open(config: &Config) -> Result<Self> {
        let mut raw: ffi::duckdb_database = ptr::null_mut();
        let mut problem: *mut std::os::raw::c_char = ptr::null_mut();
        // SAFETY: both results are locals that outlive the call; a null path is a database in memory.
        let state = unsafe { ffi::duckdb_open_ext(ptr::null(), &raw mut raw, ptr::null_mut(), &raw mut problem) };
        if state != ffi::DuckDBSuccess {
            // SAFETY: DuckDB gives a text that ends in NUL and is ours to free.
            let text = unsafe { taken(problem) };
            return Err(Error::internal(format!("DuckDB cannot be opened: {text}")));
        }
        let mut connection: ffi::duckdb_connection = ptr::null_mut();
        // SAFETY: the database was opened just now.
        if unsafe { ffi::duckdb_connect(raw, &raw mut connection) } != ffi::DuckDBSuccess {
            // SAFETY: as above; nothing else has the handle.
            unsafe { ffi::duckdb_close(&raw mut raw) };
            return Err(Error::internal("DuckDB gives no connection"));
        }
        let own = Mutex::new(Own { connection, functions: HashMap::new() });
        let spill_folder = config.spill_folder()?;
        let settings = config.settings(spill_folder.path());
        let spill_folder = Mutex::new(Some(spill_folder));
        let (calls, streams, attached) = (Arc::default(), Arc::default(), Mutex::default());
        let extensions = config.extensions.clone();
        let (copies, remote) = (Copies::new(config.copies_bytes), Remote::new(extensions.clone()));
        let memory = config.memory.clone();
        let database = Self { raw, own, calls, streams, copies, remote, attached, extensions, memory, spill_folder };
        let first = database.connect()?;
        for (name, value) in settings {
            set(&first, name, &value)?;
        }
        database.streams.register(&first)?;
        Ok(database)
    }

    /// A connection for one query.
    pub(super) fn connect(&self) -> Result<Connection> {
        // SAFETY: the handle is open as long as `self`; connections are dropped before (see `statement.rs`).
        unsafe { Connection::open_from_raw(self.raw) }.map_err(|error| Error::internal(error.to_string()))
    }

    /// What its queries may hold, a lease each.
    pub(super) fn memory(&self) -> &Budget {
        &self.memory
    }

    pub(super) fn calls(&self) -> &Arc<Calls> {
        &self.calls
    }

    pub(super) fn streams(&self) -> &Arc<Streams> {
        &self.streams
    }

    /// Columns it has copied of files.
    pub(super) fn copies(&self) -> &Copies {
        &self.copies
    }

    /// What it knows of object storage.
    pub(super) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Copies what was read often enough by now, unless another thread does.
    pub(super) fn make_copies(&self) {
        let folder = self.spill_folder.lock().as_ref().map(|folder| folder.path().to_path_buf());
        if let Some(folder) = folder {
            self.copies.make(self, &folder);
        }
    }

    /// Opens another database under a name of its own, once for all who ask. `Err` is what DuckDB says.
    pub(super) fn attach(&self, place: &Place) -> std::result::Result<Attachment, String> {
        let mut attached = self.attached.lock();
        if let Some((_, known)) = attached.iter().find(|(location, _)| *location == place.location) {
            return Ok(known.clone());
        }
        let attachment = Attachment { alias: format!("floe_file_{}", attached.len()), read_only: place.read_only };
        let connection = self.connect().map_err(|error| error.to_string())?;
        if let Some(name) = place.kind.extension() {
            extension::load(&connection, name, self.extensions.as_deref())?;
        }
        for statement in place.attaching(&attachment.alias) {
            let failed = |error: duckdb::Error| place.without_secret(&super::failure::text(&error));
            connection.execute_batch(&statement).map_err(failed)?;
        }
        attached.push((place.location.clone(), attachment.clone()));
        Ok(attachment)
    }

    /// Lets go of everything on disk. A file that a query still reads is closed with that; what it had not written to the
    /// file itself stands in the log beside it, which whoever opens the file next takes in.
    pub(super) fn end(&self) {
        let attached = std::mem::take(&mut *self.attached.lock());
        if let Ok(connection) = self.connect() {
            self.copies.end(&connection);
            for (location, attachment) in attached {
                if let Err(error) = connection.execute_batch(&format!("DETACH {}", attachment.alias)) {
                    tracing::warn!(%location, %error, "a database stays open until its last query ends");
                }
            }
        }
        drop(self.spill_folder.lock().take());
    }

    /// The name of the function that computes foreign expressions of a type, registered when it is first needed.
    pub(super) fn function(&self, type_name: &str) -> Result<String> {
        let mut own = self.own.lock();
        if let Some(known) = own.functions.get(type_name) {
            return Ok(known.clone());
        }
        let name = format!("floe_call_{}", own.functions.len());
        // SAFETY: the connection is open and used under its lock.
        unsafe { callback::register(own.connection, &name, type_name, &self.calls)? };
        own.functions.insert(type_name.into(), name.clone());
        Ok(name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let mut own = self.own.lock();
        // SAFETY: queries hold the database while they run, so that nothing uses these handles any more.
        unsafe {
            ffi::duckdb_disconnect(&raw mut own.connection);
            ffi::duckdb_close(&raw mut self.raw);
        }
    }
}

pub(super) fn set(connection: &Connection, name: &str, value: &str) -> Result<()> {
    let statement = format!("SET GLOBAL {name} = {}", text(value));
    connection
        .execute_batch(&statement)
        .map_err(|error| Error::internal(format!("DuckDB does not take the setting {name} = {value}: {error}")))
}

/// The text behind a pointer that DuckDB handed over.
///
/// # Safety
/// The pointer is null or a text of DuckDB's that ends in NUL and that nobody else frees.
pub(super) unsafe fn taken(text: *mut std::os::raw::c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    let owned = unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned();
    // SAFETY: the caller's promise.
    unsafe { ffi::duckdb_free(text.cast()) };
    owned
}

/// A text for DuckDB; one with NUL in it ends there.
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}
