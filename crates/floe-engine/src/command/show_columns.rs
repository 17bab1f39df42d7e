//! `SHOW COLUMNS`.

use std::sync::Arc;

use floe_base::Result;
use floe_syntax::relation::TableName;

use super::cells::{texts, told};
use super::describe_table::columns_of;
use crate::{Execution, Session};

pub(super) async fn run(session: &Arc<Session>, table: TableName, schema: Option<Vec<String>>) -> Result<Execution> {
    let parts = schema.unwrap_or_default().into_iter().chain(table.parts).collect();
    let named = session.existing_object(&TableName { parts, origin: table.origin, ..TableName::default() }).await?;
    let schema = columns_of(session, &named).await?;
    told(vec![("col_name", false, texts(schema.fields().iter().map(|field| field.name().as_str())))])
}
