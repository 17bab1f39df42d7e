//! `DROP TABLE`: a temp view of the name goes, a stored view is an error, as in Spark 4.1.

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::Found;
use floe_syntax::relation::TableName;

use super::lookup::{Named, missing, parts};
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &TableName, if_exists: bool, purge: bool) -> Result<Execution> {
    match session.named(name).await? {
        Some(Named::Temporary { view, global }) => {
            session.drop_temp_view(&view.name.name, global);
        }
        Some(Named::Object { located, found: Found::Table(_) }) => {
            located.catalog.drop_table(&located.namespace, &located.name, purge).await?;
        }
        Some(Named::Object { .. }) => {
            let whole = session.whole_name(parts(name)?).await?;
            let error = Error::analysis("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE").with("operation", "DROP TABLE");
            return Err(error.with("viewName", quoted(&whole)));
        }
        None if if_exists => {}
        None => return Err(missing(&session.whole_name(parts(name)?).await?)),
    }
    Ok(Execution::empty())
}
