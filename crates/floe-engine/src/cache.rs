//! Tables and views kept in memory by `CACHE TABLE`, for all sessions, until something is written.
//!
//! A write through this engine empties the cache whole: finding out which views a table is behind would cost more than
//! reading again. Writes by others are seen after `REFRESH TABLE`, as in Spark.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use floe_catalog::Table;
use parking_lot::RwLock;

/// Kept rows by whole name in lower case; a temp view's name starts with its session.
#[derive(Debug, Default)]
pub(crate) struct Cache(RwLock<BTreeMap<String, Table>>, Paths);

/// The folders and files that kept rows were read from, by the same names; some of names that are no longer kept.
type Paths = RwLock<BTreeMap<String, Vec<PathBuf>>>;

impl Cache {
    pub(crate) fn get(&self, name: &str) -> Option<Table> {
        self.0.read().get(name).cloned()
    }

    pub(crate) fn put(&self, name: String, table: Table) {
        self.0.write().insert(name, table);
    }

    /// Where rows that are kept came from, for [`Self::remove_below`].
    pub(crate) fn put_paths(&self, name: String, paths: Vec<PathBuf>) {
        self.1.write().insert(name, paths);
    }

    /// Forgets rows that came from below a path.
    pub(crate) fn remove_below(&self, path: &Path) {
        let mut from = self.1.write();
        let is_below = |paths: &Vec<PathBuf>| paths.iter().any(|own| own.starts_with(path));
        let names: Vec<String> = from.iter().filter(|(_, own)| is_below(own)).map(|(name, _)| name.clone()).collect();
        for name in names {
            from.remove(&name);
            self.remove(&name);
        }
    }

    /// True when it was there.
    pub(crate) fn remove(&self, name: &str) -> bool {
        self.0.write().remove(name).is_some()
    }

    pub(crate) fn clear(&self) {
        self.0.write().clear();
        self.1.write().clear();
    }

    /// Forgets what a session's temp views kept.
    pub(crate) fn forget_session(&self, session_id: &str) {
        let prefix = format!("{session_id}/");
        self.0.write().retain(|name, _| !name.starts_with(&prefix));
    }
}
