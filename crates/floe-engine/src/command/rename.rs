//! `ALTER TABLE … RENAME TO`, `ALTER VIEW … RENAME TO`.

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_catalog::{Found, View};
use floe_syntax::command::ObjectKind;
use floe_syntax::relation::TableName;

use super::lookup::Named;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, kind: ObjectKind, name: &TableName, to: &[String]) -> Result<Execution> {
    match (session.existing_object(name).await?, kind) {
        (Named::Temporary { view, global }, _) => {
            let mut renamed: View = view.as_ref().clone();
            renamed.name.name = to.last().cloned().unwrap_or_default();
            session.put_temp_view(renamed, global, false)?;
            session.drop_temp_view(&view.name.name, global);
        }
        (Named::Object { found: Found::View(_), .. }, ObjectKind::Table) => {
            let error =
                Error::analysis("EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW").with("operation", "ALTER TABLE ... RENAME TO");
            return Err(error.with("viewName", quoted(&name.parts)));
        }
        (Named::Object { found: Found::Table(_), .. }, ObjectKind::View) => {
            let error =
                Error::analysis("EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE").with("operation", "ALTER VIEW ... RENAME TO");
            return Err(error.with("tableName", quoted(&name.parts)));
        }
        (Named::Object { located, .. }, _) => {
            // A bare new name stays in the old schema.
            let target = if to.len() == 1 { None } else { Some(session.locate(to).await?) };
            let namespace = target.as_ref().map_or(located.namespace.clone(), |target| target.namespace.clone());
            let last = to.last().cloned().unwrap_or_default();
            if target.as_ref().is_some_and(|target| target.catalog.name() != located.catalog.name()) {
                return Err(Error::unsupported("renaming from one catalog into another"));
            }
            if located.catalog.load(&namespace, &last, None).await?.is_some() {
                let error = Error::analysis("TABLE_OR_VIEW_ALREADY_EXISTS");
                let mut whole = namespace.clone();
                whole.push(last);
                return Err(error.with("relationName", quoted(&whole)));
            }
            located.catalog.rename(&located.namespace, &located.name, &namespace, &last).await?;
        }
    }
    Ok(Execution::empty())
}
