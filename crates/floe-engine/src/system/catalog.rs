//! The catalog `system`: what there is to read about the engine itself. It has no schemas, and nothing in it changes.

use std::sync::Arc;

use async_trait::async_trait;
use floe_base::{Error, Kind, Result};
use floe_catalog::catalog::{Listed, Namespace, Version};
use floe_catalog::files::registered::Registered;
use floe_catalog::{Catalog, Found, View};

use super::routes::RouteLog;
use crate::session::in_memory;

/// The catalog's name, where no setting defines a catalog of it.
pub(crate) const NAME: &str = "system";

const ROUTES: &str = "routes";

#[derive(Debug)]
pub(crate) struct SystemCatalog {
    routes: Arc<RouteLog>,
}

impl SystemCatalog {
    pub(crate) fn new(routes: Arc<RouteLog>) -> Self {
        Self { routes }
    }
}

fn read_only<T>() -> Result<T> {
    Err(Error::message(Kind::IllegalArgument, format!("nothing in the catalog `{NAME}` can be changed")))
}

#[async_trait]
impl Catalog for SystemCatalog {
    fn name(&self) -> &str {
        NAME
    }

    fn default_namespace(&self) -> Vec<String> {
        Vec::new()
    }

    async fn namespaces(&self, _parent: &[String]) -> Result<Vec<Vec<String>>> {
        Ok(Vec::new())
    }

    async fn namespace(&self, name: &[String]) -> Result<Option<Namespace>> {
        Ok(name.is_empty().then(Namespace::default))
    }

    async fn create_namespace(&self, _namespace: Namespace) -> Result<()> {
        read_only()
    }

    async fn alter_namespace(&self, _name: &[String], _properties: &[(String, String)]) -> Result<()> {
        read_only()
    }

    async fn drop_namespace(&self, _name: &[String]) -> Result<()> {
        read_only()
    }

    async fn list(&self, _namespace: &[String]) -> Result<Vec<Listed>> {
        Ok(vec![Listed { namespace: Vec::new(), name: ROUTES.into(), is_view: false }])
    }

    async fn load(&self, namespace: &[String], name: &str, version: Option<&Version>) -> Result<Option<Found>> {
        if !namespace.is_empty() || !name.eq_ignore_ascii_case(ROUTES) {
            return Ok(None);
        }
        match version {
            Some(_) => Err(Error::unsupported(format!("time travel in the catalog `{NAME}`"))),
            None => Ok(Some(Found::Table(Box::new(in_memory(self.routes.rows()?, NAME)?)))),
        }
    }

    async fn files(&self, _namespace: &[String], _name: &str) -> Result<Option<Registered>> {
        Ok(None)
    }

    async fn put_files(&self, _namespace: &[String], _name: &str, _files: Registered) -> Result<()> {
        read_only()
    }

    async fn drop_table(&self, _namespace: &[String], _name: &str, _purge: bool) -> Result<()> {
        read_only()
    }

    async fn rename(&self, _namespace: &[String], _name: &str, _to_namespace: &[String], _to: &str) -> Result<()> {
        read_only()
    }

    async fn put_view(&self, _view: View) -> Result<()> {
        read_only()
    }

    async fn drop_view(&self, _namespace: &[String], _name: &str) -> Result<()> {
        read_only()
    }
}
