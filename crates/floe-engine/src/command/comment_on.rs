//! `COMMENT ON TABLE`, `COMMENT ON SCHEMA`.

use std::sync::Arc;

use floe_base::{Error, Result};
use floe_syntax::command::{AlterTable, ObjectKind};
use floe_syntax::relation::TableName;

use super::{alter_schema, tables};
use crate::{Execution, Session};

pub(super) async fn run(
    session: &Arc<Session>,
    kind: ObjectKind,
    name: &TableName,
    comment: Option<String>,
) -> Result<Execution> {
    let comment = vec![("comment".to_string(), comment.unwrap_or_default())];
    match kind {
        ObjectKind::Schema => alter_schema::run(session, &name.parts, &comment).await,
        ObjectKind::Table => tables::alter(session, name, AlterTable::SetProperties(comment)).await,
        _ => Err(Error::unsupported("COMMENT ON this kind of object")),
    }
}
