//! `SHOW VIEWS`: views of a schema, then the session's temp views.

use floe_base::Result;

use super::cells::{booleans, texts, told};
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, schema: Option<Vec<String>>, pattern: Option<&str>) -> Result<Execution> {
    let rows = session.listed(schema.unwrap_or_default(), pattern, Some(true)).await?;
    told(vec![
        ("namespace", false, texts(rows.iter().map(|row| row.namespace.as_str()))),
        ("viewName", false, texts(rows.iter().map(|row| row.name.as_str()))),
        ("isTemporary", false, booleans(rows.iter().map(|row| row.is_temporary))),
    ])
}
