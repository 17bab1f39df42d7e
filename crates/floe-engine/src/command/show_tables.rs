//! `SHOW TABLES`: tables of a schema, then the session's temp views.

use std::sync::Arc;

use floe_base::Result;
use floe_catalog::{Catalog, View};

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
        if let [only] = schema.as_slice()
            && only.eq_ignore_ascii_case(crate::session::GLOBAL)
        {
            let row = |view: Arc<View>| Row {
                namespace: crate::session::GLOBAL.into(),
                name: view.name.name.clone(),
                is_temporary: true,
            };
            let global = self.global_temp_views().into_iter().map(row);
            return Ok(global.chain(self.local_temporary()).filter(|row| matches(pattern, &row.name)).collect());
        }
        let (catalog, namespace) = self.listed_namespace(schema).await?;
        let objects = catalog.list(&namespace).await?.into_iter();
        let meant = objects.filter(|object| views.is_none_or(|views| object.is_view == views));
        let stored = meant.map(|object| Row { namespace: namespace.join("."), name: object.name, is_temporary: false });
        Ok(stored.chain(self.local_temporary()).filter(|row| matches(pattern, &row.name)).collect())
    }

    /// A schema that is there: one of the current catalog, else what a catalog of the name has outside of schemas.
    async fn listed_namespace(&self, schema: Vec<String>) -> Result<(Arc<dyn Catalog>, Vec<String>)> {
        let (catalog, namespace) = self.locate_namespace(&schema).await?;
        if catalog.namespace(&namespace).await?.is_some() {
            return Ok((catalog, namespace));
        }
        if let [only] = schema.as_slice()
            && let Some(named) = self.catalog(only).await?
            && named.namespace(&[]).await?.is_some()
        {
            return Ok((named, Vec::new()));
        }
        Err(super::lookup::missing_schema(catalog.name(), &namespace))
    }

    fn local_temporary(&self) -> impl Iterator<Item = Row> {
        self.temp_views().into_iter().map(|view| Row {
            namespace: String::new(),
            name: view.name.name.clone(),
            is_temporary: true,
        })
    }
}
