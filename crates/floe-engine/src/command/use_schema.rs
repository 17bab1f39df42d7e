//! `USE`, `USE CATALOG`, `SHOW CURRENT NAMESPACE`.

use std::sync::Arc;

use floe_base::Result;

use super::cells::{texts, told};
use super::lookup::{missing_catalog, missing_schema};
use crate::{Execution, Session};

/// Makes a schema current; a catalog's name alone makes its default schema current.
pub(super) async fn run(session: &Arc<Session>, name: &[String], is_catalog: bool) -> Result<Execution> {
    if let [only] = name
        && let Some(catalog) = session.catalog(only).await?
    {
        session.set_current(catalog.name().to_string(), catalog.default_namespace());
        return Ok(Execution::empty());
    }
    if is_catalog {
        return Err(missing_catalog(&name.join(".")));
    }
    let (catalog, namespace) = session.locate_namespace(name).await?;
    if catalog.namespace(&namespace).await?.is_none() {
        return Err(missing_schema(catalog.name(), &namespace));
    }
    session.set_current(catalog.name().to_string(), namespace);
    Ok(Execution::empty())
}

pub(super) fn current(session: &Session) -> Result<Execution> {
    let (catalog, namespace) = session.current();
    told(vec![("catalog", false, texts([catalog])), ("namespace", false, texts([namespace.join(".")]))])
}
