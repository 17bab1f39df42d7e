//! `CREATE TABLE … USING csv LOCATION '…'`: a name for files that are there, and opening it. Its rows are written in `insert_files.rs`.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use floe_base::error::quoted;
use floe_base::{Error, Kind, Result};
use floe_catalog::files::registered::Registered;
use floe_catalog::files::table::is_partition_type;
use floe_catalog::{Found, ObjectName, Table};
use floe_syntax::command::{CreateMode, CreateTable};
use floe_syntax::relation::Files;

use crate::session::Located;
use crate::{Execution, Session};

/// The files a statement wants a table over; `None` where it wants a table of its own.
///
/// `USING parquet` says how Iceberg writes its data files, unless the statement leaves the columns to files that are there,
/// or names their folder as an option, which Iceberg does not know.
pub(super) fn wanted(create: &CreateTable) -> Result<Option<Registered>> {
    let Some(format) = create.provider.as_deref().map(str::to_lowercase) else { return Ok(None) };
    if !floe_catalog::files::is_format(&format) {
        return Ok(None);
    }
    let (paths, options): (Vec<_>, Vec<_>) =
        create.options.iter().cloned().partition(|(key, _)| key.eq_ignore_ascii_case("path"));
    let path = create.location.clone().or_else(|| paths.into_iter().next().map(|(_, path)| path));
    let is_own = create.query.is_some() || !create.columns.is_empty() || create.like.is_some();
    let is_iceberg = format == "parquet" && is_own && (create.location.is_some() || create.query.is_some());
    let Some(path) = path.filter(|_| !is_iceberg) else { return Ok(None) };
    for (is_there, what) in [
        (create.query.is_some(), "AS"),
        (create.like.is_some(), "LIKE"),
        (create.buckets.is_some(), "CLUSTERED BY"),
        (!create.cluster_by.is_empty(), "CLUSTER BY"),
        (!create.properties.is_empty(), "TBLPROPERTIES"),
        (create.comment.is_some(), "COMMENT"),
    ] {
        if is_there {
            return Err(Error::unsupported(format!("CREATE TABLE … USING {format} LOCATION with {what}")));
        }
    }
    let (schema, partitioned_by, partitions) = Default::default();
    Ok(Some(Registered { format, path, options, schema, partitioned_by, partitions }))
}

/// The columns as DDL, those of partitions last, and the names of these.
async fn columns(session: &Arc<Session>, located: &Located, create: &CreateTable) -> Result<(String, Vec<String>)> {
    let schema = super::create::columns(session, create).await?;
    let mut keys: Vec<Field> = Vec::new();
    for transform in &create.partitioning {
        if transform.name != "identity" {
            return Err(Error::unsupported(format!("PARTITIONED BY ({}(…)) of a table over files", transform.name)));
        }
        let name = transform.definition.as_ref().map_or_else(|| transform.column.join("."), |field| field.name.clone());
        let found = schema.fields().iter().find(|field| field.name().eq_ignore_ascii_case(&name));
        let found = found.ok_or_else(|| undefined(located, &name, &schema))?;
        if keys.iter().any(|key| key.name() == found.name()) {
            return Err(
                Error::analysis("COLUMN_ALREADY_EXISTS").with("columnName", format!("`{}`", name.to_lowercase()))
            );
        }
        if !is_partition_type(found.data_type()) {
            let shown = floe_syntax::DataType::from_field(found).sql();
            return Err(Error::unsupported(format!("PARTITIONED BY a column of type {shown} of a table over files")));
        }
        keys.push(found.as_ref().clone());
    }
    if !keys.is_empty() && keys.len() == schema.fields().len() {
        return Err(Error::analysis("ALL_PARTITION_COLUMNS_NOT_ALLOWED"));
    }
    let names: Vec<String> = keys.iter().map(|key| key.name().clone()).collect();
    let own = schema.fields().iter().filter(|field| !names.contains(field.name())).map(|field| field.as_ref());
    Ok((own.chain(&keys).map(definition).collect::<Vec<_>>().join(", "), names))
}

fn definition(field: &Field) -> String {
    let name = floe_syntax::data_type::identifier(field.name());
    format!("{name} {}", floe_syntax::DataType::from_field(field).sql())
}

fn undefined(located: &Located, name: &str, schema: &Schema) -> Error {
    let columns = schema.fields().iter().map(|field| format!("`{}`", field.name())).collect::<Vec<_>>();
    Error::analysis("COLUMN_NOT_DEFINED_IN_TABLE")
        .with("colType", "partition")
        .with("colName", format!("`{name}`"))
        .with("tableName", quoted(&located.whole()))
        .with("tableCols", columns.join(", "))
}

/// A relative path is below the schema's folder (Spark 4.1 `CatalogUtils.makeQualifiedTablePath`).
async fn placed(session: &Session, located: &Located, path: &str) -> Result<String> {
    if path.starts_with('/') || path.contains(':') {
        return Ok(path.into());
    }
    let namespace = located.catalog.namespace(&located.namespace).await?.unwrap_or_default();
    let folder = match namespace.location {
        Some(location) => location,
        None if located.catalog.name() != crate::catalogs::DEFAULT => {
            return Err(Error::unsupported(format!("a relative LOCATION in catalog {}", located.catalog.name())));
        }
        None if located.namespace == ["default"] => session.engine().catalogs().warehouse(),
        None => format!("{}/{}.db", session.engine().catalogs().warehouse(), located.namespace.join("/")),
    };
    Ok(format!("{}/{path}", folder.trim_end_matches('/')))
}

/// Keeps the table; files that cannot be opened are an error at once, as in Spark.
pub(super) async fn create(
    session: &Arc<Session>,
    located: &Located,
    create: &CreateTable,
    mut files: Registered,
) -> Result<Execution> {
    let is_table =
        matches!(located.catalog.load(&located.namespace, &located.name, None).await?, Some(Found::Table(_)));
    if is_table && create.mode != CreateMode::Create {
        return Err(Error::unsupported("replacing an Iceberg table by one over files"));
    }
    if create.columns.is_empty() && create.partitioning.iter().all(|transform| transform.definition.is_none()) {
        if !create.partitioning.is_empty() {
            return Err(Error::analysis("SPECIFY_PARTITION_IS_NOT_ALLOWED"));
        }
    } else {
        let (schema, partitioned_by) = columns(session, located, create).await?;
        (files.schema, files.partitioned_by) = (Some(schema), partitioned_by);
    }
    files.path = placed(session, located, &files.path).await?;
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
    let table = session.open_files(&kept.format, &files, Some(kept), &session.context()?).await?;
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
