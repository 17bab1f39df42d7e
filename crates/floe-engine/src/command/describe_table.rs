//! `DESCRIBE TABLE`, with EXTENDED and of one column; and what is told of a table elsewhere too.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use floe_base::{Error, Result};
use floe_catalog::view::ViewBody;
use floe_catalog::{Found, Table, View};
use floe_iceberg::Transform;
use floe_iceberg::table::PartitionBy;
use floe_syntax::DataType;
use floe_syntax::relation::TableName;

use super::cells::{texts, told};
use super::describe_query::{Row, row, rows};
use super::lookup::Named;
use crate::{Execution, Session, query};

pub(super) async fn run(session: &Arc<Session>, name: &TableName, extended: bool) -> Result<Execution> {
    let named = session.existing_object(name).await?;
    let schema = columns_of(session, &named).await?;
    let mut lines: Vec<Row> = schema.fields().iter().map(|field| row(field)).collect();
    match &named {
        Named::Object { located, found: Found::Table(table) } => {
            partitioning(table, &mut lines);
            if extended {
                let mut whole = vec![located.catalog.name()];
                whole.extend(located.namespace.iter().map(String::as_str));
                whole.push(&located.name);
                table_details(&whole.join("."), table, &mut lines);
            }
        }
        Named::Object { found: Found::View(view), .. } if extended => view_details(view, &schema, &mut lines),
        _ => {}
    }
    rows(lines)
}

/// `DESCRIBE t c`: one column's name, type and comment.
pub(super) async fn column(
    session: &Arc<Session>,
    name: &TableName,
    column: &[String],
    extended: bool,
) -> Result<Execution> {
    let named = session.existing_object(name).await?;
    let schema = columns_of(session, &named).await?;
    let wanted = column.join(".");
    let found = schema.fields().iter().find(|field| field.name().eq_ignore_ascii_case(&wanted));
    let is_temporary = matches!(named, Named::Temporary { .. });
    let missing = || {
        if is_temporary {
            return Error::analysis("COLUMN_NOT_FOUND")
                .with("colName", floe_base::error::quoted(column))
                .with("caseSensitiveConfig", "\"spark.sql.caseSensitive\"");
        }
        let shown: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        Error::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
            .with("objectName", floe_base::error::quoted(column))
            .with("proposal", shown.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
    };
    let (name, data_type, comment) = row(found.ok_or_else(missing)?);
    let mut names = vec!["col_name", "data_type", "comment"];
    let mut values = vec![name, data_type, comment.unwrap_or_else(|| "NULL".into())];
    if extended && is_temporary {
        // Statistics nobody has.
        names.extend(["min", "max", "num_nulls", "distinct_count", "avg_col_len", "max_col_len", "histogram"]);
        values.resize(names.len(), "NULL".into());
    }
    told(vec![("info_name", false, texts(names)), ("info_value", false, texts(values))])
}

/// `DESCRIBE TABLE EXTENDED … AS JSON`: Spark 4.1 has it for its own tables and views, not for those of a catalog.
pub(super) async fn as_json(session: &Session, name: &TableName) -> Result<Execution> {
    match session.existing_object(name).await? {
        Named::Temporary { .. } => Err(Error::unsupported("DESCRIBE TABLE … AS JSON of a temporary view")),
        Named::Object { .. } => {
            Err(Error::analysis("NOT_SUPPORTED_COMMAND_FOR_V2_TABLE").with("cmd", "DESCRIBE TABLE AS JSON"))
        }
    }
}

/// The columns of whatever a name turned out to be.
pub(super) async fn columns_of(session: &Arc<Session>, named: &Named) -> Result<SchemaRef> {
    match named {
        Named::Temporary { view, .. } => view_columns(session, view).await,
        Named::Object { found: Found::View(view), .. } => view_columns(session, view).await,
        Named::Object { found: Found::Table(table), .. } => Ok(table.schema.clone()),
    }
}

/// The columns of a view as a query would see them now.
pub(super) async fn view_columns(session: &Arc<Session>, view: &View) -> Result<SchemaRef> {
    use floe_syntax::{Origin, Relation, RelationKind};
    let mut parts: Vec<String> = view.name.namespace.clone();
    if !view.name.catalog.is_empty() {
        parts.insert(0, view.name.catalog.clone());
    }
    parts.push(view.name.name.clone());
    let table = RelationKind::Table(TableName { parts, ..TableName::default() });
    let schema = query::lower(session, Relation::new(table, Origin::Unknown)).await?.schema();
    Ok(commented(&schema, view))
}

/// The columns with the comments they had when the view was made.
fn commented(schema: &SchemaRef, view: &View) -> SchemaRef {
    let Some(made) = &view.schema else { return schema.clone() };
    let field = |(field, made): (&Arc<Field>, &Arc<Field>)| {
        let mut metadata = field.metadata().clone();
        metadata.extend(made.metadata().get("comment").map(|comment| ("comment".to_string(), comment.clone())));
        Arc::new(field.as_ref().clone().with_metadata(metadata))
    };
    Arc::new(Schema::new(schema.fields().iter().zip(made.fields()).map(field).collect::<Vec<_>>()))
}

fn heading(title: &str, lines: &mut Vec<Row>) {
    lines.push((String::new(), String::new(), Some(String::new())));
    lines.push((format!("# {title}"), String::new(), Some(String::new())));
}

fn detail(name: &str, value: impl Into<String>, lines: &mut Vec<Row>) {
    lines.push((name.into(), value.into(), Some(String::new())));
}

fn partitioning(table: &Table, lines: &mut Vec<Row>) {
    let parts = transforms(table);
    if parts.is_empty() {
        return;
    }
    heading("Partitioning", lines);
    for (index, part) in parts.iter().enumerate() {
        detail(&format!("Part {index}"), part, lines);
    }
}

fn table_details(whole: &str, table: &Table, lines: &mut Vec<Row>) {
    if !table.metadata_columns.fields().is_empty() {
        heading("Metadata Columns", lines);
        for field in table.metadata_columns.fields() {
            detail(field.name(), DataType::from_field(field).simple(), lines);
        }
    }
    heading("Detailed Table Information", lines);
    detail("Name", whole, lines);
    detail("Type", kind(table), lines);
    let properties = properties(table);
    if let Some((_, comment)) = properties.iter().find(|(key, _)| key == "comment") {
        detail("Comment", comment, lines);
    }
    if let Some(location) = location(table) {
        detail("Location", location, lines);
    }
    detail("Provider", &table.format, lines);
    detail("Owner", "floe", lines);
    detail("Table Properties", property_text(&properties), lines);
    if let (Some(bytes), Some(count)) = (table.statistics.bytes, table.statistics.rows) {
        lines.push(("Statistics".into(), format!("{bytes} bytes, {count} rows"), None));
    }
}

fn view_details(view: &View, schema: &SchemaRef, lines: &mut Vec<Row>) {
    heading("Detailed View Information", lines);
    detail("Comment", view.comment.clone().unwrap_or_default(), lines);
    if let ViewBody::Text { catalog, namespace, .. } = &view.body {
        detail("View Catalog and Namespace", format!("{catalog}.{}", namespace.join(".")), lines);
    }
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    detail("View Query Output Columns", format!("[{}]", names.join(", ")), lines);
    let properties = view_properties(view);
    let shown = properties.iter().map(|(key, value)| format!("'{key}' = '{value}'"));
    detail("View Properties", format!("[{}]", shown.collect::<Vec<_>>().join(", ")), lines);
}

/// A stored view's properties: those that are set and those its catalog gives, sorted by key.
pub(super) fn view_properties(view: &View) -> Vec<(String, String)> {
    let mut shown: Vec<(String, String)> = view.properties.iter().chain(&view.reserved).cloned().collect();
    shown.sort();
    shown
}

/// The partition transforms of a table as DDL writes them.
pub(super) fn transforms(table: &Table) -> Vec<String> {
    let parts = table.iceberg.as_ref().map(|table| floe_iceberg::alter::partitioning(table)).unwrap_or_default();
    parts.iter().map(written).collect()
}

/// A transform as DDL writes it: `days(ts)`, `bucket(8, id)`, `name`.
fn written(part: &PartitionBy) -> String {
    let column = &part.column;
    match part.transform {
        Transform::Year => format!("years({column})"),
        Transform::Month => format!("months({column})"),
        Transform::Day => format!("days({column})"),
        Transform::Hour => format!("hours({column})"),
        Transform::Bucket(buckets) => format!("bucket({buckets}, {column})"),
        Transform::Truncate(width) => format!("truncate({width}, {column})"),
        _ => column.clone(),
    }
}

/// Files that were there before the table are not the catalog's own.
pub(super) fn kind(table: &Table) -> &'static str {
    if floe_catalog::files::is_format(&table.format) { "EXTERNAL" } else { "MANAGED" }
}

pub(super) fn location(table: &Table) -> Option<String> {
    let location = table.iceberg.as_ref()?.metadata.location();
    Some(location.strip_prefix("file://").unwrap_or(location).to_string())
}

/// Properties as Spark shows an Iceberg table's: those that are set, and what Iceberg adds. Sorted by key.
pub(super) fn properties(table: &Table) -> Vec<(String, String)> {
    let Some(iceberg) = &table.iceberg else { return Vec::new() };
    let metadata = &iceberg.metadata;
    let mut shown: Vec<(String, String)> =
        metadata.properties().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let snapshot =
        metadata.current_snapshot().map_or("none".to_string(), |snapshot| snapshot.snapshot_id().to_string());
    shown.push(("current-snapshot-id".into(), snapshot));
    shown.push(("format".into(), "iceberg/parquet".into()));
    shown.push(("format-version".into(), (metadata.format_version() as u8).to_string()));
    shown.sort();
    shown.dedup_by(|left, right| left.0 == right.0);
    shown
}

/// `[a=1,b=2]`, without what has a line of its own.
pub(super) fn property_text(properties: &[(String, String)]) -> String {
    let shown = properties.iter().filter(|(key, _)| key != "comment").map(|(key, value)| format!("{key}={value}"));
    format!("[{}]", shown.collect::<Vec<_>>().join(","))
}
