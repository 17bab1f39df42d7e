//! `ALTER SCHEMA … SET DBPROPERTIES`.

use floe_base::Result;

use super::lookup::missing_schema;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &[String], properties: &[(String, String)]) -> Result<Execution> {
    let (catalog, namespace) = session.locate_namespace(name).await?;
    if catalog.namespace(&namespace).await?.is_none() {
        return Err(missing_schema(catalog.name(), &namespace));
    }
    catalog.alter_namespace(&namespace, properties).await?;
    Ok(Execution::empty())
}
