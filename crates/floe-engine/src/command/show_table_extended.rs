//! `SHOW TABLE EXTENDED`: everything of every table of a schema in one answer.
//!
//! dbt reads its relation cache and its catalog from these texts, with regular expressions: `Type:`, `Provider:`,
//! `Owner:`, `Statistics:` and the lines ` |-- column: type (nullable = true)`. Real Spark lists only tables here; we
//! list views of the catalog too, for without them dbt would not know that they are there.

use std::sync::Arc;

use arrow::datatypes::Schema;
use floe_base::{Error, Result};
use floe_catalog::view::ViewBody;
use floe_catalog::{Catalog, Found, Table, View};
use floe_syntax::Field;
use floe_syntax::tree_string::tree_string;

use super::cells::{booleans, matches, texts, told};
use super::describe_table::{kind, location, properties, property_text, view_columns};
use super::lookup::missing_schema;
use crate::session::Located;
use crate::{Execution, Session};

pub(super) async fn run(
    session: &Arc<Session>,
    schema: Option<Vec<String>>,
    pattern: &str,
    partition: bool,
) -> Result<Execution> {
    if partition {
        return Err(Error::unsupported("SHOW TABLE EXTENDED … PARTITION"));
    }
    let (catalog, namespace) = session.locate_namespace(&schema.unwrap_or_default()).await?;
    if catalog.namespace(&namespace).await?.is_none() {
        return Err(missing_schema(catalog.name(), &namespace));
    }
    let mut rows = Vec::new();
    for object in catalog.list(&namespace).await?.into_iter().filter(|object| matches(Some(pattern), &object.name)) {
        // A table that is dropped while we list is no error: it is simply not there any more.
        let information = match catalog.load(&namespace, &object.name, None).await? {
            Some(Found::Table(table)) => about_table(catalog.name(), &namespace, &object.name, &table),
            Some(Found::View(view)) => about_view(session, catalog.name(), &namespace, &view).await,
            None => match opened(session, &catalog, &namespace, &object.name).await? {
                Some(table) => about_table(catalog.name(), &namespace, &object.name, &table),
                None => continue,
            },
        };
        rows.push((namespace.join("."), object.name, false, information));
    }
    for view in session.temp_views().into_iter().filter(|view| matches(Some(pattern), &view.name.name)) {
        let information = about_view(session, "", &[], &view).await;
        rows.push((String::new(), view.name.name.clone(), true, information));
    }
    told(vec![
        ("namespace", false, texts(rows.iter().map(|row| row.0.as_str()))),
        ("tableName", false, texts(rows.iter().map(|row| row.1.as_str()))),
        ("isTemporary", false, booleans(rows.iter().map(|row| row.2))),
        ("information", false, texts(rows.iter().map(|row| row.3.as_str()))),
    ])
}

/// A table over files; one whose files are gone has nothing to tell.
async fn opened(
    session: &Session,
    catalog: &Arc<dyn Catalog>,
    namespace: &[String],
    name: &str,
) -> Result<Option<Table>> {
    let Some(files) = catalog.files(namespace, name).await? else { return Ok(None) };
    let located = Located { catalog: catalog.clone(), namespace: namespace.to_vec(), name: name.to_string() };
    Ok(super::tables::open_files(session, &located, &files).await.ok())
}

fn about_table(catalog: &str, namespace: &[String], name: &str, table: &Table) -> String {
    let properties = properties(table);
    let mut lines = vec![
        format!("Catalog: {catalog}"),
        format!("Namespace: {}", namespace.join(".")),
        format!("Table: {name}"),
        format!("Type: {}", kind(table)),
    ];
    lines.extend(properties.iter().find(|(key, _)| key == "comment").map(|(_, comment)| format!("Comment: {comment}")));
    lines.extend(location(table).map(|location| format!("Location: {location}")));
    lines.push(format!("Provider: {}", table.format));
    lines.push("Owner: floe".into());
    if let (Some(bytes), Some(count)) = (table.statistics.bytes, table.statistics.rows) {
        lines.push(format!("Statistics: {bytes} bytes, {count} rows"));
    }
    lines.push(format!("Table Properties: {}", property_text(&properties)));
    lines.push(format!("Schema: {}", tree_of(&table.schema)));
    lines.join("\n") + "\n"
}

/// A view whose query no longer works is still told of, without its columns.
async fn about_view(session: &Arc<Session>, catalog: &str, namespace: &[String], view: &View) -> String {
    let mut lines = Vec::new();
    if !catalog.is_empty() {
        lines.push(format!("Catalog: {catalog}"));
        lines.push(format!("Namespace: {}", namespace.join(".")));
    }
    lines.push(format!("Table: {}", view.name.name));
    lines.push("Type: VIEW".into());
    lines.extend(view.comment.as_ref().map(|comment| format!("Comment: {comment}")));
    if let ViewBody::Text { sql, catalog, namespace } = &view.body {
        lines.push(format!("View Text: {sql}"));
        lines.push(format!("View Catalog and Namespace: {catalog}.{}", namespace.join(".")));
    }
    if let Ok(schema) = view_columns(session, view).await {
        lines.push(format!("Schema: {}", tree_of(&schema)));
    }
    lines.join("\n") + "\n"
}

/// The columns as `printSchema` shows them.
fn tree_of(schema: &Schema) -> String {
    let fields: Vec<Field> = schema.fields().iter().map(|field| Field::from_arrow(field)).collect();
    tree_string(&fields, None)
}
