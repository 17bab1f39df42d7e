//! `DROP VIEW`: of a table it is an error, as in Spark.

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
        Some(Named::Object { .. }) => {
            let whole = session.whole_name(parts(name)?).await?;
            let error = Error::analysis("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE").with("operation", "DROP VIEW");
            return Err(error.with("tableName", quoted(&whole)));
        }
        None if if_exists => {}
        None => {
            let whole = session.whole_name(parts(name)?).await?;
            return Err(Error::analysis("VIEW_NOT_FOUND").with("relationName", quoted(&whole)));
        }
    }
    Ok(Execution::empty())
}
