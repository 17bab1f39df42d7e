//! `DESCRIBE QUERY`, and the columns of any schema as DESCRIBE tells them.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use floe_base::Result;
use floe_syntax::{DataType, Relation};

use super::cells::{optional, texts, told};
use crate::{Execution, Session, query};

pub(super) async fn run(session: &Arc<Session>, query: Relation) -> Result<Execution> {
    let planned = query::lower(session, query).await?;
    columns(&planned.schema())
}

/// One row a column: name, type, comment.
pub(super) fn columns(schema: &Schema) -> Result<Execution> {
    rows(schema.fields().iter().map(|field| row(field)).collect())
}

pub(super) type Row = (String, String, Option<String>);

pub(super) fn row(field: &Field) -> Row {
    (field.name().clone(), DataType::from_field(field).simple(), field.metadata().get("comment").cloned())
}

/// The rows under DESCRIBE's columns.
pub(super) fn rows(rows: Vec<Row>) -> Result<Execution> {
    told(vec![
        ("col_name", false, texts(rows.iter().map(|row| row.0.as_str()))),
        ("data_type", false, texts(rows.iter().map(|row| row.1.as_str()))),
        ("comment", true, optional(rows.iter().map(|row| row.2.clone()))),
    ])
}
