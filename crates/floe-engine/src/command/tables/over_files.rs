//! `CREATE TABLE … USING csv LOCATION '…'`: a name for files that are there, and opening it. Rows are not written here.

use std::sync::Arc;

use floe_base::{Error, Kind, Result};
use floe_catalog::files::registered::Registered;
use floe_catalog::{Found, ObjectName, Table};
use floe_syntax::command::{CreateMode, CreateTable};
use floe_syntax::relation::Files;

use crate::session::Located;
use crate::{Execution, Session};

/// The files a statement wants a table over; `None` where it wants a table of its own.
///
/// `USING parquet` says how Iceberg writes its data files, unless the statement leaves the columns to files that are there.
pub(super) fn wanted(create: &CreateTable) -> Result<Option<Registered>> {
    let Some(format) = create.provider.as_deref().map(str::to_lowercase) else { return Ok(None) };
    if !floe_catalog::files::is_format(&format) {
        return Ok(None);
    }
    let (paths, options): (Vec<_>, Vec<_>) =
        create.options.iter().cloned().partition(|(key, _)| key.eq_ignore_ascii_case("path"));
    let path = create.location.clone().or_else(|| paths.into_iter().next().map(|(_, path)| path));
    let is_own = create.query.is_some() || !create.columns.is_empty() || create.like.is_some();
    let Some(path) = path.filter(|_| format != "parquet" || !is_own) else { return Ok(None) };
    for (is_there, what) in [
        (create.query.is_some(), "AS"),
        (create.like.is_some(), "LIKE"),
        (!create.partitioning.is_empty(), "PARTITIONED BY"),
        (!create.properties.is_empty(), "TBLPROPERTIES"),
        (create.comment.is_some(), "COMMENT"),
    ] {
        if is_there {
            return Err(Error::unsupported(format!("CREATE TABLE … USING {format} LOCATION with {what}")));
        }
    }
    let column = |definition: &floe_syntax::command::ColumnDefinition| {
        let name = floe_syntax::data_type::identifier(&definition.field.name);
        format!("{name} {}", definition.field.data_type.sql())
    };
    let columns: Vec<String> = create.columns.iter().map(column).collect();
    let schema = (!columns.is_empty()).then(|| columns.join(", "));
    Ok(Some(Registered { format, path, options, schema }))
}

/// Keeps the table; files that cannot be opened are an error at once, as in Spark.
pub(super) async fn create(
    session: &Arc<Session>,
    located: &Located,
    create: &CreateTable,
    files: Registered,
) -> Result<Execution> {
    let is_table =
        matches!(located.catalog.load(&located.namespace, &located.name, None).await?, Some(Found::Table(_)));
    if is_table && create.mode != CreateMode::Create {
        return Err(Error::unsupported("replacing an Iceberg table by one over files"));
    }
    open(session, located, &files).await?;
    located.catalog.put_files(&located.namespace, &located.name, files).await?;
    Ok(Execution::empty())
}

/// The table, its files listed now.
pub(crate) async fn open(session: &Session, located: &Located, kept: &Registered) -> Result<Table> {
    let files = Files {
        format: Some(kept.format.clone()),
        schema: kept.schema.as_deref().map(floe_sql::parse_schema).transpose()?,
        options: kept.options.clone(),
        paths: vec![kept.path.clone()],
    };
    let table = session.open_files(&kept.format, &files, &session.context()?).await?;
    let name = ObjectName::new(located.catalog.name(), located.namespace.clone(), located.name.clone());
    Ok(Table { name: Some(name), ..table })
}

impl Session {
    /// The table over files of a name, not opened yet.
    pub(crate) async fn table_over_files(
        &self,
        name: &[String],
        under: Option<(&str, &[String])>,
    ) -> Result<Option<(Located, Registered)>> {
        for located in self.candidates(name, under).await? {
            if let Some(files) = located.catalog.files(&located.namespace, &located.name).await? {
                return Ok(Some((located, files)));
            }
        }
        Ok(None)
    }
}

/// What Iceberg's catalog in Spark says of a format it cannot write (1.11).
pub(super) fn unknown_format(provider: &str) -> Error {
    Error::message(Kind::IllegalArgument, format!("Unsupported format in USING: {provider}"))
}
