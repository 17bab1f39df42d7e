//! `SHOW TBLPROPERTIES`.

use floe_base::Result;
use floe_catalog::Found;
use floe_syntax::relation::TableName;

use super::cells::{texts, told};
use super::describe_table::{properties, view_properties};
use super::lookup::{Named, parts};
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &TableName, key: Option<&str>) -> Result<Execution> {
    let (all, is_temporary) = match session.existing_object(name).await? {
        Named::Object { found: Found::Table(table), .. } => (properties(&table), false),
        Named::Object { found: Found::View(view), .. } => (view_properties(&view), false),
        Named::Temporary { view, .. } => (view.properties.clone(), true),
    };
    let Some(key) = key else { return rows(all) };
    match all.into_iter().find(|(name, _)| name == key) {
        Some(found) => rows(vec![found]),
        // Of a temp view Spark tells only what is there.
        None if is_temporary => rows(Vec::new()),
        None => {
            let whole = session.whole_name(parts(name)?).await?.join(".");
            rows(vec![(key.into(), format!("Table {whole} does not have property: {key}"))])
        }
    }
}

fn rows(rows: Vec<(String, String)>) -> Result<Execution> {
    let (keys, values): (Vec<String>, Vec<String>) = rows.into_iter().unzip();
    told(vec![("key", false, texts(keys)), ("value", false, texts(values))])
}
