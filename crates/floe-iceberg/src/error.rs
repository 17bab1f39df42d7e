//! How failures of the libraries below become errors of the house.
//!
//! Not here: the outcome of a commit, which has three answers and lives in `catalog.rs`.

use floe_base::error::quoted;
use floe_base::{Error, Kind, Result};

use crate::catalog::Ident;

/// Turns a library's result into ours: `iceberg_call().lift()?`.
pub(crate) trait Lift<T> {
    fn lift(self) -> Result<T>;
}

impl<T> Lift<T> for Result<T, iceberg::Error> {
    fn lift(self) -> Result<T> {
        self.map_err(from_iceberg)
    }
}

impl<T> Lift<T> for Result<T, parquet::errors::ParquetError> {
    fn lift(self) -> Result<T> {
        self.map_err(|error| match error {
            parquet::errors::ParquetError::External(inner) => match inner.downcast::<Error>() {
                Ok(ours) => *ours,
                Err(inner) => Error::message(Kind::Operation, format!("a Parquet file cannot be used: {inner}")),
            },
            other => Error::message(Kind::Operation, format!("a Parquet file cannot be used: {other}")),
        })
    }
}

impl<T> Lift<T> for Result<T, rusqlite::Error> {
    fn lift(self) -> Result<T> {
        self.map_err(|error| Error::message(Kind::Operation, format!("the catalog's database failed: {error}")))
    }
}

impl<T> Lift<T> for Result<T, tokio::task::JoinError> {
    fn lift(self) -> Result<T> {
        self.map_err(|error| Error::internal(format!("a task of the Iceberg layer ended early: {error}")))
    }
}

fn from_iceberg(error: iceberg::Error) -> Error {
    use iceberg::ErrorKind;
    let text = error.to_string();
    let ours = match error.kind() {
        ErrorKind::CatalogCommitConflicts => Error::message(Kind::Conflict, text),
        ErrorKind::FeatureUnsupported => Error::unsupported(format!("Iceberg: {text}")),
        _ => Error::message(Kind::Operation, format!("Iceberg: {text}")),
    };
    ours.caused_by(error)
}

/// What Iceberg's rules forbid in a commit, as Java throws it.
pub(crate) fn refused(error: iceberg::Error) -> Error {
    Error::message(Kind::Validation, error.message()).caused_by(error)
}

/// The object store's failure, with the location it was about.
pub(crate) fn from_store(error: object_store::Error, location: &str) -> Error {
    let text = match &error {
        object_store::Error::NotFound { .. } => format!("file `{location}` does not exist"),
        other => format!("file `{location}` cannot be used: {other}"),
    };
    Error::message(Kind::Operation, text).caused_by(error)
}

/// Spark 4.1 `TABLE_OR_VIEW_NOT_FOUND`.
pub fn table_not_found(catalog: &str, ident: &Ident) -> Error {
    Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", quoted(&ident.parts(catalog)))
}

/// Spark 4.1 `TABLE_OR_VIEW_ALREADY_EXISTS`.
pub fn already_exists(catalog: &str, ident: &Ident) -> Error {
    Error::analysis("TABLE_OR_VIEW_ALREADY_EXISTS").with("relationName", quoted(&ident.parts(catalog)))
}

/// Spark 4.1 `VIEW_NOT_FOUND`.
pub fn view_not_found(catalog: &str, ident: &Ident) -> Error {
    Error::analysis("VIEW_NOT_FOUND").with("relationName", quoted(&ident.parts(catalog)))
}

/// Spark 4.1 `SCHEMA_NOT_FOUND`.
pub fn namespace_not_found(catalog: &str, namespace: &[String]) -> Error {
    Error::analysis("SCHEMA_NOT_FOUND").with("schemaName", quoted(&namespace_parts(catalog, namespace)))
}

/// Spark 4.1 `SCHEMA_ALREADY_EXISTS`.
pub fn namespace_exists(catalog: &str, namespace: &[String]) -> Error {
    Error::analysis("SCHEMA_ALREADY_EXISTS").with("schemaName", quoted(&namespace_parts(catalog, namespace)))
}

/// Spark 4.1 `SCHEMA_NOT_EMPTY`.
pub fn namespace_not_empty(catalog: &str, namespace: &[String]) -> Error {
    Error::analysis("SCHEMA_NOT_EMPTY").with("schemaName", quoted(&namespace_parts(catalog, namespace)))
}

fn namespace_parts(catalog: &str, namespace: &[String]) -> Vec<String> {
    std::iter::once(catalog.to_string()).chain(namespace.iter().cloned()).collect()
}
