//! `CREATE SCHEMA`.

use floe_base::{Error, Result};
use floe_catalog::catalog::Namespace;
use floe_syntax::command::Properties;

use crate::{Execution, Session};

pub(super) async fn run(
    session: &Session,
    name: &[String],
    if_not_exists: bool,
    comment: Option<String>,
    location: Option<String>,
    properties: Properties,
) -> Result<Execution> {
    let (catalog, namespace) = session.locate_namespace(name).await?;
    if catalog.namespace(&namespace).await?.is_some() {
        if if_not_exists {
            return Ok(Execution::empty());
        }
        let mut parts = vec![catalog.name().to_string()];
        parts.extend(namespace);
        let error = Error::analysis("SCHEMA_ALREADY_EXISTS");
        return Err(error.with("schemaName", floe_base::error::quoted(&parts)));
    }
    catalog.create_namespace(Namespace { name: namespace, comment, location, properties }).await?;
    Ok(Execution::empty())
}
