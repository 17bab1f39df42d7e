//! `ALTER VIEW … AS`, `SET TBLPROPERTIES`, `UNSET TBLPROPERTIES`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::view::ViewBody;
use floe_catalog::{Found, View};
use floe_syntax::command::AlterView;
use floe_syntax::relation::TableName;

use super::lookup::{Named, parts};
use crate::{Execution, Session, query};

pub(super) async fn run(session: &Arc<Session>, name: &TableName, action: AlterView) -> Result<Execution> {
    let named = session.existing_object(name).await?;
    let mut view: View = match &named {
        Named::Temporary { view, .. } => view.as_ref().clone(),
        Named::Object { found: Found::View(view), .. } => view.as_ref().clone(),
        Named::Object { .. } => {
            let error = Error::analysis("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE").with("operation", "ALTER VIEW");
            return Err(error.with("tableName", quoted(&name.parts)));
        }
    };
    let operation = match &action {
        AlterView::SetProperties(_) => "ALTER VIEW ... SET TBLPROPERTIES",
        AlterView::UnsetProperties { .. } => "ALTER VIEW ... UNSET TBLPROPERTIES",
        AlterView::As { .. } => "",
    };
    if matches!(named, Named::Temporary { .. }) && !operation.is_empty() {
        return Err(not_temporary(name, operation));
    }
    match action {
        // Iceberg's Spark catalog takes no new text for a view that is there.
        AlterView::As { .. } if matches!(named, Named::Object { .. }) => {
            let whole = session.whole_name(parts(name)?).await?.join(".");
            let text = format!("ALTER VIEW {whole} AS is not supported. Use CREATE OR REPLACE VIEW instead");
            return Err(Error::message(floe_base::Kind::Analysis, text));
        }
        AlterView::As { text, query } => {
            view.schema = Some(query::lower(session, query).await?.schema());
            let (catalog, namespace) = session.current();
            view.body = ViewBody::Text { sql: text, catalog, namespace };
            view.columns.clear();
            view.made = None;
        }
        AlterView::SetProperties(set) => {
            view.properties.retain(|(key, _)| !set.iter().any(|(new, _)| new == key));
            view.properties.extend(set);
        }
        AlterView::UnsetProperties { keys, .. } => {
            view.properties.retain(|(key, _)| !keys.contains(key));
        }
    }
    match named {
        Named::Temporary { global, .. } => session.put_temp_view(view, global, true)?,
        Named::Object { located, .. } => located.catalog.put_view(view).await?,
    }
    Ok(Execution::empty())
}

/// Spark 4.1's error for what only a stored view has.
pub(super) fn not_temporary(name: &TableName, operation: &str) -> Error {
    let error = Error::analysis("EXPECT_PERMANENT_VIEW_NOT_TEMP").with("operation", operation);
    error.with("viewName", quoted(&name.parts))
}

/// The columns under a view's own names and comments.
pub(super) fn renamed(schema: SchemaRef, columns: &[(String, Option<String>)]) -> Result<SchemaRef> {
    if columns.is_empty() {
        return Ok(schema);
    }
    let field = |(field, (name, comment)): (&Arc<Field>, &(String, Option<String>))| {
        let mut metadata: HashMap<String, String> = field.metadata().clone();
        if let Some(comment) = comment {
            metadata.insert("comment".into(), comment.clone());
        }
        field.as_ref().clone().with_name(name).with_metadata(metadata)
    };
    Ok(Arc::new(Schema::new(schema.fields().iter().zip(columns).map(field).collect::<Vec<_>>())))
}
