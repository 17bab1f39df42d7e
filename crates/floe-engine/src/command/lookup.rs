//! What a command's table name means: a temp view, or an object of a catalog with its place.

use std::sync::Arc;

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::{Found, View};
use floe_syntax::relation::TableName;

use crate::session::Located;
use crate::{Execution, Session};

/// An object a command names.
pub(super) enum Named {
    Temporary { view: Arc<View>, global: bool },
    Object { located: Located, found: Found },
}

impl Session {
    /// The object of a name: temp views first, as everywhere.
    pub(super) async fn named(&self, name: &TableName) -> Result<Option<Named>> {
        let parts = parts(name)?;
        if let Some((view, global)) = self.temporary(parts) {
            return Ok(Some(Named::Temporary { view, global }));
        }
        for located in self.candidates(parts, None).await? {
            if let Some(found) = located.catalog.load(&located.namespace, &located.name, None).await? {
                return Ok(Some(Named::Object { located, found }));
            }
        }
        if let Some((located, files)) = self.table_over_files(parts, None).await? {
            let table = super::tables::open_files(self, &located, &files).await?;
            return Ok(Some(Named::Object { located, found: Found::Table(Box::new(table)) }));
        }
        Ok(None)
    }

    /// The temp view of a name, and whether it is global.
    pub(crate) fn temporary(&self, parts: &[String]) -> Option<(Arc<View>, bool)> {
        match parts {
            [only] => self.temp_view(only).map(|view| (view, false)),
            [schema, only] if schema.eq_ignore_ascii_case(crate::session::GLOBAL) => {
                self.global_view(only).map(|view| (view, true))
            }
            _ => None,
        }
    }

    /// The same, or Spark's `TABLE_OR_VIEW_NOT_FOUND`.
    pub(super) async fn existing_object(&self, name: &TableName) -> Result<Named> {
        self.named(name).await?.ok_or_else(|| missing(&name.parts).at(&name.origin))
    }

    /// The whole name an object of these parts has, or would have.
    pub(super) async fn whole_name(&self, parts: &[String]) -> Result<Vec<String>> {
        let located = self.locate(parts).await?;
        let mut whole = vec![located.catalog.name().to_string()];
        whole.extend(located.namespace);
        whole.push(located.name);
        Ok(whole)
    }
}

/// The parts of a name that is written out.
pub(super) fn parts(name: &TableName) -> Result<&[String]> {
    match &name.identifier {
        Some(_) => Err(Error::unsupported("IDENTIFIER() in this statement")),
        None => Ok(&name.parts),
    }
}

pub(super) fn missing(parts: &[String]) -> Error {
    Error::analysis("TABLE_OR_VIEW_NOT_FOUND").with("relationName", quoted(parts))
}

/// Spark's error for a catalog nobody defines.
pub(crate) fn missing_catalog(name: &str) -> Error {
    let key = format!("\"spark.sql.catalog.{name}\"");
    Error::analysis("CATALOG_NOT_FOUND").with("catalogName", quoted(&[name])).with("config", key)
}

/// Spark's error for a schema that is not there.
pub(super) fn missing_schema(catalog: &str, namespace: &[String]) -> Error {
    let mut parts = vec![catalog.to_string()];
    parts.extend(namespace.iter().cloned());
    Error::analysis("SCHEMA_NOT_FOUND").with("schemaName", quoted(&parts))
}

/// `SHOW PARTITIONS`: Iceberg's partitions are not the catalog's, and Spark says so.
pub(super) async fn no_partitions(session: &Session, name: &TableName) -> Result<Execution> {
    if let Named::Temporary { .. } = session.existing_object(name).await? {
        let error = Error::analysis("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE").with("operation", "SHOW PARTITIONS");
        return Err(error.with("viewName", quoted(&name.parts)));
    }
    let whole = session.whole_name(parts(name)?).await?;
    let error = Error::analysis("INVALID_PARTITION_OPERATION.PARTITION_MANAGEMENT_IS_UNSUPPORTED");
    Err(error.with("name", quoted(&whole)))
}

/// A function that is nowhere.
pub(super) fn missing_routine(session: &Session, name: &[String]) -> Error {
    let (catalog, namespace) = session.current();
    let current = quoted(&[&[catalog], namespace.as_slice()].concat());
    Error::analysis("UNRESOLVED_ROUTINE")
        .with("routineName", quoted(name))
        .with("searchPath", format!("[`system`.`builtin`, `system`.`session`, {current}]"))
}
