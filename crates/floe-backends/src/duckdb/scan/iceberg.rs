//! Iceberg tables without deletes, on this machine or where DuckDB fetches files: columns by name while the files have them
//! as the table does, else by field id.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::{Expr, TableScan};
use floe_base::secret::Fingerprint;
use floe_base::{Error, Result};
use floe_iceberg::scan::{FILE_COLUMN, IcebergTable, POSITION_COLUMN, SPEC_COLUMN};
use floe_iceberg::storage::location_is_local;
use floe_sql::write::Needed;
use iceberg::spec::{NestedField, Type};

use super::super::database::Database;
use super::super::types::{self, quote, text};
use super::files::{ABSENT, File, Files, are_distinct, is_pattern};
use super::provider;
use crate::datafusion::DataFusion;

/// The files behind a scan that may hold rows meeting the conditions; `None` where DuckDB would not read them as we do.
pub(super) async fn files(
    scan: &TableScan,
    needed: &Needed,
    conditions: &[Expr],
    datafusion: &DataFusion,
    database: &Arc<Database>,
) -> Result<Option<Files>> {
    let provider = provider(scan)?;
    let Some(table) = provider.as_any().downcast_ref::<IcebergTable>() else { return Ok(None) };
    let identity = [FILE_COLUMN, POSITION_COLUMN, SPEC_COLUMN];
    // Where a row stands is known to our own scan.
    if table.is_logged() || identity.iter().any(|name| needed.has(Some(&scan.table_name), name)) {
        return Ok(None);
    }
    let Some((columns, mapping)) = mapping(scan, table) else { return Ok(None) };
    let at = table.table().metadata.location().to_string();
    let below = format!("{}/", at.trim_end_matches('/'));
    let mut keys = None;
    if !location_is_local(&below) {
        keys = fetched_with(table, &below, database).await?;
        if keys.is_none() {
            return Ok(None);
        }
    }
    let tasks = table.files(conditions).await?;
    let mut files = Vec::with_capacity(tasks.len());
    for task in &tasks {
        let location = task.entry.path();
        let is_parquet = task.entry.file.file_format() == iceberg::spec::DataFileFormat::Parquet;
        let is_reached = location_is_local(location) || location.starts_with(&below);
        if task.has_deletes() || !is_parquet || !is_reached {
            return Ok(None);
        }
        let path = location.strip_prefix("file://").or_else(|| location.strip_prefix("file:")).unwrap_or(location);
        if is_pattern(path) || path.contains('%') {
            return Ok(None);
        }
        // A data file is never written anew.
        files.push(File { path: path.to_string(), bytes: task.entry.file.file_size_in_bytes(), written: 0 });
    }
    if table.are_stored_as_named(datafusion.state(), &tasks).await? {
        let schema = scan.source.schema();
        let columns = columns.into_iter().zip(schema.fields());
        let named = |(column, field): (String, &FieldRef)| if column == ABSENT { column } else { quote(field.name()) };
        return Ok(Some(Files {
            table: at,
            files,
            columns: columns.map(named).collect(),
            options: String::new(),
            keys,
        }));
    }
    Ok(Some(Files { table: at, files, columns, options: format!(", schema = {mapping}"), keys }))
}

/// The keys with which DuckDB fetches what is below a place in object storage, if it does.
async fn fetched_with(table: &IcebergTable, below: &str, database: &Arc<Database>) -> Result<Option<Fingerprint>> {
    let Some(access) = table.table().storage.s3_access(below).await? else { return Ok(None) };
    let (below, database) = (below.to_string(), database.clone());
    // The extension is a file that is read once.
    let told = move || {
        let is_told = database.remote().admits(&database.connect()?, &below, &access);
        Ok(is_told.then(|| access.fingerprint()))
    };
    let told = tokio::task::spawn_blocking(told).await;
    told.map_err(|error| Error::internal(format!("a thread that tells DuckDB of a store: {error}")))?
}

/// Whether a column had the same members under every schema of the table. DuckDB finds columns by their ids, and members of
/// nested ones by name: that is the same only as long as none was renamed, dropped, added or widened.
fn always_was(table: &IcebergTable, column: &NestedField) -> bool {
    let mut schemas = table.table().metadata.schemas_iter();
    schemas.all(|schema| {
        let then = schema.as_struct().fields().iter().find(|field| field.id == column.id);
        then.is_none_or(|then| is_alike(&then.field_type, &column.field_type))
    })
}

/// The same members with the same ids; what is said of them may differ.
fn is_alike(a: &Type, b: &Type) -> bool {
    let same = |a: &NestedField, b: &NestedField| {
        a.id == b.id && a.name == b.name && a.initial_default.is_none() && is_alike(&a.field_type, &b.field_type)
    };
    match (a, b) {
        (Type::Primitive(a), Type::Primitive(b)) => a == b,
        (Type::List(a), Type::List(b)) => same(&a.element_field, &b.element_field),
        (Type::Map(a), Type::Map(b)) => same(&a.key_field, &b.key_field) && same(&a.value_field, &b.value_field),
        (Type::Struct(a), Type::Struct(b)) => {
            a.fields().len() == b.fields().len() && a.fields().iter().zip(b.fields()).all(|(a, b)| same(a, b))
        }
        _ => false,
    }
}

/// The columns, and what DuckDB is told of where they are in the files: `MAP {1: {name: 'c0', type: 'BIGINT', …}}`.
fn mapping(scan: &TableScan, table: &IcebergTable) -> Option<(Vec<String>, String)> {
    let fields = table.version().schema.as_struct().fields();
    let (mut columns, mut entries) = (Vec::new(), Vec::new());
    let schema = scan.source.schema();
    if !are_distinct(schema.fields().iter().map(|field| field.name())) {
        return None;
    }
    for field in schema.fields() {
        let known = fields.iter().find(|known| known.name == *field.name());
        let Some(known) = known else {
            // A column that tells where a row stands; nobody asks for it.
            columns.push(ABSENT.into());
            continue;
        };
        if known.initial_default.is_some() || (field.data_type().is_nested() && !always_was(table, known)) {
            return None;
        }
        let type_name = types::name(field.data_type()).ok()?;
        let column = format!("c{}", known.id);
        entries.push(format!(
            "{}: {{name: {}, type: {}, default_value: NULL}}",
            known.id,
            text(&column),
            text(&type_name)
        ));
        columns.push(column);
    }
    (!entries.is_empty()).then(|| (columns, format!("MAP {{{}}}", entries.join(", "))))
}
