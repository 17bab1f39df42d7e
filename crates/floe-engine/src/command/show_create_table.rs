//! `SHOW CREATE TABLE`, of tables and views.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::datatypes::Schema;
use floe_base::{Error, Result};
use floe_catalog::view::ViewBody;
use floe_catalog::{Found, Table, View};
use floe_syntax::DataType;
use floe_syntax::data_type::identifier;
use floe_syntax::relation::TableName;

use super::alter_view::not_temporary;
use super::cells::{texts, told};
use super::describe_table::{location, properties, transforms, view_columns, view_properties};
use super::lookup::{Named, parts};
use crate::{Execution, Session};

pub(super) async fn run(session: &Arc<Session>, name: &TableName, as_serde: bool) -> Result<Execution> {
    let named = session.existing_object(name).await?;
    if as_serde && !matches!(named, Named::Temporary { .. }) {
        return Err(Error::unsupported("SHOW CREATE TABLE … AS SERDE"));
    }
    let whole =
        session.whole_name(parts(name)?).await?.iter().map(|part| identifier(part)).collect::<Vec<_>>().join(".");
    let text = match named {
        Named::Object { found: Found::Table(table), .. } => table_text(&whole, &table),
        Named::Object { found: Found::View(view), .. } => {
            let schema = view_columns(session, &view).await?;
            view_text(&whole, &view, &schema)?
        }
        Named::Temporary { .. } => return Err(not_temporary(name, "SHOW CREATE TABLE")),
    };
    told(vec![("createtab_stmt", false, texts([text]))])
}

fn table_text(whole: &str, table: &Table) -> String {
    let column = |field: &Arc<arrow::datatypes::Field>| {
        let null = if field.is_nullable() { "" } else { " NOT NULL" };
        let comment = field.metadata().get("comment").map(|text| format!(" COMMENT '{}'", quoted(text)));
        let data_type = DataType::from_field(field).sql();
        format!("  {} {data_type}{null}{}", identifier(field.name()), comment.unwrap_or_default())
    };
    let columns = table.schema.fields().iter().map(column).collect::<Vec<_>>().join(",\n");
    let mut text = format!("CREATE TABLE {whole} (\n{columns})\nUSING {}\n", table.format);
    let transforms = transforms(table);
    if !transforms.is_empty() {
        let _ = writeln!(text, "PARTITIONED BY ({})", transforms.join(", "));
    }
    let properties = properties(table);
    if let Some((_, comment)) = properties.iter().find(|(key, _)| key == "comment") {
        let _ = writeln!(text, "COMMENT '{}'", quoted(comment));
    }
    if let Some(location) = location(table) {
        let _ = writeln!(text, "LOCATION '{location}'");
    }
    text + &property_lines(&properties)
}

fn view_text(whole: &str, view: &View, schema: &Schema) -> Result<String> {
    let ViewBody::Text { sql, .. } = &view.body else {
        return Err(Error::unsupported("SHOW CREATE TABLE of a frame's view"));
    };
    // Iceberg 1.11 prints a view's comments as they are, quotes and all.
    let column = |field: &Arc<arrow::datatypes::Field>| {
        let comment = field.metadata().get("comment").map(|text| format!(" COMMENT '{text}'"));
        format!("  {}{}", identifier(field.name()), comment.unwrap_or_default())
    };
    let columns = schema.fields().iter().map(column).collect::<Vec<_>>().join(",\n");
    let mut text = format!("CREATE VIEW {whole} (\n{columns})\n");
    if let Some(comment) = &view.comment {
        let _ = writeln!(text, "COMMENT '{comment}'");
    }
    text += &property_lines(&view_properties(view));
    let _ = writeln!(text, "AS\n{sql}");
    Ok(text)
}

fn property_lines(properties: &[(String, String)]) -> String {
    let shown = properties.iter().filter(|(key, _)| key != "comment");
    let lines: Vec<String> = shown.map(|(key, value)| format!("  '{}' = '{}'", quoted(key), quoted(value))).collect();
    if lines.is_empty() { String::new() } else { format!("TBLPROPERTIES (\n{})\n", lines.join(",\n")) }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}
