//! `SHOW TBLPROPERTIES`.

use floe_base::Result;
use floe_catalog::Found;
use floe_syntax::relation::TableName;

use super::cells::{texts, told};
use super::describe_table::properties;
use super::lookup::Named;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &TableName, key: Option<&str>) -> Result<Execution> {
    let all = match session.existing_object(name).await? {
        Named::Object { found: Found::Table(table), .. } => properties(&table),
        Named::Object { found: Found::View(view), .. } => view.properties,
        Named::Temporary { view, .. } => view.properties.clone(),
    };
    let rows = match key {
        None => all,
        Some(key) => {
            let found = all.into_iter().find(|(name, _)| name == key);
            let absent = || (key.to_string(), format!("Table {} does not have property: {key}", name.parts.join(".")));
            vec![found.unwrap_or_else(absent)]
        }
    };
    let (keys, values): (Vec<String>, Vec<String>) = rows.into_iter().unzip();
    told(vec![("key", false, texts(keys)), ("value", false, texts(values))])
}
