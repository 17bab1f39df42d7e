//! Tables and views kept in memory by `CACHE TABLE`, for all sessions, until something is written.
//!
//! A write through this engine empties the cache whole: finding out which views a table is behind would cost more than
//! reading again. Writes by others are seen after `REFRESH TABLE`, as in Spark.

use std::collections::BTreeMap;

use floe_catalog::Table;
use parking_lot::RwLock;

/// Kept rows by whole name in lower case; a temp view's name starts with its session.
#[derive(Debug, Default)]
pub(crate) struct Cache(RwLock<BTreeMap<String, Table>>);

impl Cache {
    pub(crate) fn get(&self, name: &str) -> Option<Table> {
        self.0.read().get(name).cloned()
    }

    pub(crate) fn put(&self, name: String, table: Table) {
        self.0.write().insert(name, table);
    }

    /// True when it was there.
    pub(crate) fn remove(&self, name: &str) -> bool {
        self.0.write().remove(name).is_some()
    }

    pub(crate) fn clear(&self) {
        self.0.write().clear();
    }

    /// Forgets what a session's temp views kept.
    pub(crate) fn forget_session(&self, session_id: &str) {
        let prefix = format!("{session_id}/");
        self.0.write().retain(|name, _| !name.starts_with(&prefix));
    }
}
