//! `DROP VIEW`: a table is no view, as in Spark 4.1 with a catalog that has views.

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::Found;
use floe_syntax::relation::TableName;

use super::lookup::{Named, parts};
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &TableName, if_exists: bool) -> Result<Execution> {
    match session.named(name).await? {
        Some(Named::Temporary { view, global }) => {
            session.drop_temp_view(&view.name.name, global);
        }
        Some(Named::Object { located, found: Found::View(_) }) => {
            located.catalog.drop_view(&located.namespace, &located.name).await?;
        }
        Some(Named::Object { .. }) | None if if_exists => {}
        Some(Named::Object { .. }) | None => {
            let whole = session.whole_name(parts(name)?).await?;
            return Err(Error::analysis("VIEW_NOT_FOUND").with("relationName", quoted(&whole)));
        }
    }
    Ok(Execution::empty())
}
