//! Tables and views kept in memory by `CACHE TABLE`, for all sessions, until something is written.
//!
//! A write through this engine empties the cache whole: finding out which views a table is behind would cost more than
//! reading again. Writes by others are seen after `REFRESH TABLE`, as in Spark.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::kept::Kept;

#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// Kept rows by whole name in lower case; a temp view's name starts with its session.
    tables: RwLock<BTreeMap<String, Kept>>,
    writes: AtomicU64,
}

impl Cache {
    pub(crate) fn get(&self, name: &str) -> Option<Kept> {
        self.tables.read().get(name).cloned()
    }

    pub(crate) fn put(&self, name: String, rows: Kept) {
        self.tables.write().insert(name, rows);
    }

    /// True when it was there.
    pub(crate) fn remove(&self, name: &str) -> bool {
        self.tables.write().remove(name).is_some()
    }

    /// Something was written: what is kept may be out of date.
    pub(crate) fn written(&self) {
        self.writes.fetch_add(1, Ordering::AcqRel);
        self.clear();
    }

    /// How often that was.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Acquire)
    }

    pub(crate) fn clear(&self) {
        self.tables.write().clear();
    }

    /// Forgets what a session's temp views kept.
    pub(crate) fn forget_session(&self, session_id: &str) {
        let prefix = format!("{session_id}/");
        self.tables.write().retain(|name, _| !name.starts_with(&prefix));
    }
}
