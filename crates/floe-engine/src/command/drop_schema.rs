//! `DROP SCHEMA`: CASCADE drops what is inside first; functions are the schema's own and go with it.

use floe_base::{Error, Result};

use super::lookup::missing_schema;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &[String], if_exists: bool, cascade: bool) -> Result<Execution> {
    let (catalog, namespace) = session.locate_namespace(name).await?;
    if catalog.namespace(&namespace).await?.is_none() {
        return if if_exists { Ok(Execution::empty()) } else { Err(missing_schema(catalog.name(), &namespace)) };
    }
    let inside = catalog.list(&namespace).await?;
    let functions = catalog.functions(&namespace).await?;
    if !(inside.is_empty() && functions.is_empty()) && !cascade {
        let mut parts = vec![catalog.name().to_string()];
        parts.extend(namespace);
        return Err(Error::analysis("SCHEMA_NOT_EMPTY").with("schemaName", floe_base::error::quoted(&parts)));
    }
    for object in inside {
        if object.is_view {
            catalog.drop_view(&namespace, &object.name).await?;
        } else {
            catalog.drop_table(&namespace, &object.name, false).await?;
        }
    }
    catalog.drop_namespace(&namespace).await?;
    Ok(Execution::empty())
}
