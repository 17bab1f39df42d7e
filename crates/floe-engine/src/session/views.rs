//! Temp views of a session, and the global ones all sessions share under `global_temp`.

use std::sync::Arc;

use floe_base::Result;
use floe_base::error::{Error, quoted};
use floe_catalog::View;

use super::Session;

/// The schema global temp views live in.
pub(crate) const GLOBAL: &str = "global_temp";

impl Session {
    pub(crate) fn temp_view(&self, name: &str) -> Option<Arc<View>> {
        self.views.read().get(&name.to_lowercase()).cloned()
    }

    pub(crate) fn global_view(&self, name: &str) -> Option<Arc<View>> {
        self.engine.global_views().read().get(&name.to_lowercase()).cloned()
    }

    /// All temp views of the session, by name.
    pub(crate) fn temp_views(&self) -> Vec<Arc<View>> {
        self.views.read().values().cloned().collect()
    }

    /// All global temp views, by name.
    pub(crate) fn global_temp_views(&self) -> Vec<Arc<View>> {
        self.engine.global_views().read().values().cloned().collect()
    }

    /// Adds a temp view; one of the same name is replaced or an error.
    pub(crate) fn put_temp_view(&self, view: View, global: bool, replace: bool) -> Result<()> {
        let key = view.name.name.to_lowercase();
        let name = view.name.name.clone();
        let mut views = if global { self.engine.global_views().write() } else { self.views.write() };
        if !replace && views.contains_key(&key) {
            let parts = if global { vec![GLOBAL.to_string(), name] } else { vec![name] };
            return Err(Error::analysis("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS").with("relationName", quoted(&parts)));
        }
        views.insert(key, Arc::new(view));
        Ok(())
    }

    /// Drops a temp view; false when there is none.
    pub(crate) fn drop_temp_view(&self, name: &str, global: bool) -> bool {
        let key = name.to_lowercase();
        let mut views = if global { self.engine.global_views().write() } else { self.views.write() };
        views.remove(&key).is_some()
    }
}
