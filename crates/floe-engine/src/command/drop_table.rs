//! `DROP TABLE`: a temp view of the name goes; a stored view is no table, as in Spark 4.1.

use floe_base::Result;
use floe_catalog::Found;
use floe_syntax::relation::TableName;

use super::lookup::{Named, missing, parts};
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &TableName, if_exists: bool, purge: bool) -> Result<Execution> {
    let parts_of = parts(name)?;
    if session.temporary(parts_of).is_none()
        && let Some((located, _)) = session.table_over_files(parts_of, None).await?
    {
        // Its files may be gone; its name goes all the same.
        located.catalog.drop_table(&located.namespace, &located.name, purge).await?;
        return Ok(Execution::empty());
    }
    match session.named(name).await? {
        Some(Named::Temporary { view, global }) => {
            session.drop_temp_view(&view.name.name, global);
        }
        Some(Named::Object { located, found: Found::Table(_) }) => {
            located.catalog.drop_table(&located.namespace, &located.name, purge).await?;
        }
        Some(Named::Object { .. }) | None if if_exists => {}
        Some(Named::Object { .. }) | None => return Err(missing(&session.whole_name(parts(name)?).await?)),
    }
    Ok(Execution::empty())
}
