//! Rows too many to be sent along, as Parquet files in a folder that Spark sees too.
//!
//! They are removed when nobody reads them any more: those of a query with its end, those of an Iceberg table once the
//! table has changed, all of them with the session.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use floe_base::{Error, Kind, Result};
use floe_syntax::{DataType, Field};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use tempfile::TempDir;

use super::ROWS_BYTES_MAX;
use crate::command::{FileFormat, FileParts};
use crate::session::Session;

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

/// A folder of Parquet files, gone when it is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    folder: TempDir,
    /// The columns as DDL: what files say of types and names is less.
    pub(super) schema: String,
}

impl Folder {
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
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
        let cannot = |error: std::io::Error| {
            let text = format!("the folder {} for tables that Spark reads cannot be used: {error}", place.display());
            Error::message(Kind::Operation, text).caused_by(error)
        };
        std::fs::create_dir_all(&place).map_err(cannot)?;
        let folder = tempfile::Builder::new().prefix("staged-").tempdir_in(&place).map_err(cannot)?;
        let format = FileFormat::of("parquet", &[], &[])?;
        let mut parts = FileParts::new(folder.path().to_path_buf(), format, Vec::new());
        while let Some(batch) = rows.try_next().await? {
            parts.write(&batch)?;
        }
        parts.finish(schema)?;
        Ok(Folder { folder, schema: ddl })
    }

    /// The folder of the settings; for a Spark on this machine, one beside the data.
    fn staging_folder(&self, name: &str) -> Result<PathBuf> {
        if let Some(folder) = self.engine.settings().path("spark-staging") {
            return std::path::absolute(folder).map_err(|error| Error::internal(error.to_string()));
        }
        match self.spark() {
            Ok(spark) if spark.is_on_this_machine() => Ok(self.engine.catalogs().folder().join("staging")),
            _ => Err(too_large(name)),
        }
    }
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
}
