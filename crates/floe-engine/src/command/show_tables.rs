//! `SHOW TABLES`: tables of a schema, then the session's temp views.

use floe_base::Result;

use super::cells::{booleans, matches, texts, told};
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, schema: Option<Vec<String>>, pattern: Option<&str>) -> Result<Execution> {
    let rows = session.listed(schema.unwrap_or_default(), pattern, Some(false)).await?;
    told(vec![
        ("namespace", false, texts(rows.iter().map(|row| row.namespace.as_str()))),
        ("tableName", false, texts(rows.iter().map(|row| row.name.as_str()))),
        ("isTemporary", false, booleans(rows.iter().map(|row| row.is_temporary))),
    ])
}

/// One line of a listing.
pub(super) struct Row {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) is_temporary: bool,
}

impl Session {
    /// Tables or views (`None`: both) of a schema and the session's temp views, by pattern.
    pub(super) async fn listed(
        &self,
        schema: Vec<String>,
        pattern: Option<&str>,
        views: Option<bool>,
    ) -> Result<Vec<Row>> {
        let (catalog, namespace) = self.locate_namespace(&schema).await?;
        if catalog.namespace(&namespace).await?.is_none() {
            return Err(super::lookup::missing_schema(catalog.name(), &namespace));
        }
        let objects = catalog.list(&namespace).await?.into_iter();
        let meant = objects.filter(|object| views.is_none_or(|views| object.is_view == views));
        let stored = meant.map(|object| Row { namespace: namespace.join("."), name: object.name, is_temporary: false });
        let temporary = self.temp_views().into_iter().map(|view| Row {
            namespace: String::new(),
            name: view.name.name.clone(),
            is_temporary: true,
        });
        Ok(stored.chain(temporary).filter(|row| matches(pattern, &row.name)).collect())
    }
}
