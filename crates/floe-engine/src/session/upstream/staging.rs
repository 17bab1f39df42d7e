//! Rows too many to be sent along, as Parquet files in a folder that Spark sees too.
//!
//! They are removed when nobody reads them any more: those of a query with its end, those of an Iceberg table once the
//! table has changed, all of them with the session. Those of a process that was killed are removed when the next
//! one begins: each folder of files has a lock, which lives as long as its process.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use floe_base::settings::Settings;
use floe_base::{Error, Kind, Result};
use floe_syntax::{DataType, Field};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use parking_lot::Mutex;
use tempfile::TempDir;

use super::ROWS_BYTES_MAX;
use crate::command::{FileFormat, FileParts};
use crate::session::Session;
use crate::threads;

/// How the names of our folders begin.
const PREFIX: &str = "staged-";
/// Files that begin so are none to a Spark that reads the folder.
const LOCK: &str = "_lock";

/// Rows on their way to Spark.
pub(super) enum Computed {
    Rows(RecordBatch),
    Files(Folder),
}

/// Files of the same rows.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) version: u64,
    pub(super) files: Folder,
}

/// The folders of an engine that are there, so that none outlives it: the last to hold one may be at work when it ends.
#[derive(Debug, Default)]
pub(crate) struct Folders(Arc<Mutex<BTreeSet<PathBuf>>>);

impl Folders {
    /// Removes what is left of them.
    pub(crate) fn end(&self) {
        for folder in std::mem::take(&mut *self.0.lock()) {
            // One that is gone already is as it should be.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// A folder of Parquet files, gone when it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    folder: TempDir,
    among: Arc<Mutex<BTreeSet<PathBuf>>>,
    /// Tells other processes that somebody lives here.
    _lock: File,
    /// The columns as DDL: what files say of types and names is less.
    pub(super) schema: String,
}

impl Folder {
    fn new(place: &Path, schema: String, among: &Folders) -> io::Result<Self> {
        fs::create_dir_all(place)?;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)?;
        // It gets its name once it is locked, so that nobody finds it open.
        let made = folder.path().join("_lock.new");
        let lock = File::create_new(&made)?;
        lock.lock()?;
        fs::rename(made, folder.path().join(LOCK))?;
        among.0.lock().insert(folder.path().to_path_buf());
        Ok(Self { folder, among: among.0.clone(), _lock: lock, schema })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.among.lock().remove(self.folder.path());
    }
}

impl Session {
    /// What was staged before under this key, if it still is the same.
    pub(super) fn staged(&self, key: &str, version: u64) -> Option<Arc<Staged>> {
        self.upstream.staged.read().get(key).filter(|staged| staged.version == version).cloned()
    }

    /// Keeps files for the operations after this one.
    pub(super) fn keep_staged(&self, key: &str, staged: Arc<Staged>) {
        self.upstream.staged.write().insert(key.into(), staged);
    }

    /// Writes rows where Spark can read them.
    ///
    /// # Errors
    /// When there is no such place, or no place in a file for a column.
    pub(super) async fn stage(
        &self,
        name: &str,
        schema: &SchemaRef,
        mut rows: BoxStream<'_, Result<RecordBatch>>,
    ) -> Result<Folder> {
        let place = self.staging_folder(name)?;
        let ddl = columns(name, schema)?;
        let engine = self.engine.clone();
        let made = move || Folder::new(&place, ddl, engine.staged()).map_err(|error| cannot(&place, error));
        let folder = threads::blocking(made).await?;
        let format = FileFormat::of("parquet", &[], &[])?;
        let mut parts = FileParts::new(folder.path().to_path_buf(), format, Vec::new());
        while let Some(batch) = rows.try_next().await? {
            parts = parts.write(batch).await?;
        }
        parts.finish(schema.clone()).await?;
        Ok(folder)
    }

    /// The folder of the settings; for a Spark on this machine, one beside the data.
    fn staging_folder(&self, name: &str) -> Result<PathBuf> {
        let (settings, data) = (self.engine.settings(), self.engine.catalogs().folder());
        match self.spark() {
            Ok(spark) if spark.is_on_this_machine() || settings.path("spark-staging").is_some() => {
                place(settings, data)
            }
            _ => Err(too_large(name)),
        }
    }
}

/// The folder for tables that Spark reads, whether it is there or not.
fn place(settings: &Settings, data: &Path) -> Result<PathBuf> {
    match settings.path("spark-staging") {
        Some(folder) => std::path::absolute(folder).map_err(|error| Error::internal(error.to_string())),
        None => Ok(data.join("staging")),
    }
}

/// Removes what processes left that were killed, when an engine of these settings begins.
pub(crate) fn sweep_staging(settings: &Settings, data: &Path) {
    match place(settings, data) {
        Ok(place) => sweep(&place),
        Err(error) => tracing::warn!(%error, "the folder for tables that Spark reads is not known"),
    }
}

/// Removes every folder of ours whose process has ended. What cannot be looked at, or bears no lock, is left alone.
fn sweep(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let folder = entry.path();
        match is_left(&folder) {
            Ok(false) => {}
            Ok(true) => match fs::remove_dir_all(&folder) {
                Ok(()) => tracing::info!(folder = %folder.display(), "files of a server that was killed are removed"),
                Err(error) => tracing::warn!(folder = %folder.display(), %error, "files of a server stay"),
            },
            Err(error) => tracing::debug!(folder = %folder.display(), %error, "not looked at"),
        }
    }
}

/// True when the process that made the folder is gone.
fn is_left(folder: &Path) -> io::Result<bool> {
    match File::open(folder.join(LOCK))?.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn cannot(place: &Path, error: io::Error) -> Error {
    let text = format!("the folder {} for tables that Spark reads cannot be used: {error}", place.display());
    Error::message(Kind::Operation, text).caused_by(error)
}

/// The columns as Spark reads them.
fn columns(name: &str, schema: &Schema) -> Result<String> {
    let fields: Vec<Field> = schema.fields().iter().map(|field| Field::from_arrow(field)).collect();
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = fields.iter().find(|field| !seen.insert(field.name.to_lowercase())) {
        return Err(no_place(name, &format!("two columns of the name `{}`", twice.name)));
    }
    if let Some(field) = fields.iter().find(|field| !has_place(&field.data_type)) {
        return Err(no_place(name, &format!("column `{}` of type {}", field.name, field.data_type.sql())));
    }
    let column = |field: &Field| format!("{} {}", floe_base::error::quoted(&[&field.name]), field.data_type.sql());
    Ok(fields.iter().map(column).collect::<Vec<_>>().join(", "))
}

/// True for types that our files keep and Spark reads back as they were.
fn has_place(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean
        | DataType::Byte
        | DataType::Short
        | DataType::Int
        | DataType::Long
        | DataType::Float
        | DataType::Double
        | DataType::Decimal { .. }
        | DataType::String
        | DataType::Binary
        | DataType::Date
        | DataType::Timestamp
        | DataType::TimestampNtz => true,
        DataType::Array { element, .. } => has_place(element),
        DataType::Map { key, value, .. } => has_place(key) && has_place(value),
        DataType::Struct(fields) => !fields.is_empty() && fields.iter().all(|field| has_place(&field.data_type)),
        // Spark refuses a schema of files that has CHAR or VARCHAR.
        DataType::Char(_)
        | DataType::Varchar(_)
        | DataType::Null
        | DataType::Time(_)
        | DataType::YearMonthInterval(..)
        | DataType::DayTimeInterval(..)
        | DataType::CalendarInterval
        | DataType::Variant => false,
    }
}

fn too_large(name: &str) -> Error {
    let text = format!(
        "`{name}` is read by an operation that needs Spark, lives where Spark cannot reach it, and has more than {} to be \
         sent along. Keep it in a REST catalog, or name a folder that both see with --spark-staging",
        floe_route::decide::human(ROWS_BYTES_MAX)
    );
    Error::message(Kind::Unsupported, text)
}

fn no_place(name: &str, what: &str) -> Error {
    let text = format!(
        "`{name}` is read by an operation that needs Spark, lives where Spark cannot reach it, is too large to be sent \
         along, and has {what}, which no file would keep. Keep it in a REST catalog"
    );
    Error::message(Kind::Unsupported, text)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType as Arrow, Field as ArrowField, IntervalUnit};

    use super::*;

    #[test]
    fn columns_are_named_as_spark_reads_them_and_those_without_a_place_are_refused() {
        let schema = |fields: Vec<(&str, Arrow)>| {
            Schema::new(fields.into_iter().map(|(name, kind)| ArrowField::new(name, kind, true)).collect::<Vec<_>>())
        };
        let good = schema(vec![("a b", Arrow::Int32), ("c", Arrow::Decimal128(10, 2))]);
        assert_eq!(columns("t", &good).ok().as_deref(), Some("`a b` INT, `c` DECIMAL(10,2)"));
        let interval = schema(vec![("i", Arrow::Interval(IntervalUnit::YearMonth))]);
        let twice = schema(vec![("a", Arrow::Int32), ("A", Arrow::Int32)]);
        for (bad, word) in [(interval, "`i`"), (twice, "`A`")] {
            assert!(columns("t", &bad).is_err_and(|error| error.to_string().contains(word)));
        }
    }
    #[test]
    fn files_of_a_process_that_is_gone_are_removed_and_of_one_that_lives_are_not() {
        let place = tempfile::tempdir().expect("a folder");
        let folders = Folders::default();
        let lives = Folder::new(place.path(), String::new(), &folders).expect("a folder");
        let [killed, stranger] = ["staged-killed", "other"].map(|name| place.path().join(name));
        for folder in [&killed, &stranger] {
            fs::create_dir(folder).and_then(|()| fs::write(folder.join(LOCK), b"")).expect("a file");
        }
        // Another process is about to lock it.
        let begun = place.path().join("staged-begun");
        fs::create_dir(&begun).expect("a folder");
        sweep(place.path());
        assert_eq!([lives.path(), &killed, &stranger, &begun].map(Path::exists), [true, false, true, true]);
        folders.end();
        assert!(!lives.path().exists(), "an engine that ends leaves none");
    }
}
