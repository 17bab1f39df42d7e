//! Tables and views kept in memory by `CACHE TABLE`, for all sessions, until something is written.
//!
//! A write through this engine empties the cache whole: finding out which views a table is behind would cost more than
//! reading again. Writes by others are seen after `REFRESH TABLE` or `REFRESH 'path'`, as in Spark.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::kept::Kept;

#[derive(Debug, Default)]
pub(crate) struct Cache {
    /// By whole name in lower case; a temp view's name starts with its session.
    tables: RwLock<BTreeMap<String, Cached>>,
    writes: AtomicU64,
}

#[derive(Debug)]
struct Cached {
    rows: Kept,
    /// The folders and files they were read from.
    from: Vec<PathBuf>,
}

impl Cache {
    pub(crate) fn get(&self, name: &str) -> Option<Kept> {
        self.tables.read().get(name).map(|cached| cached.rows.clone())
    }

    pub(crate) fn put(&self, name: String, rows: Kept, from: Vec<PathBuf>) {
        self.tables.write().insert(name, Cached { rows, from });
    }

    /// True when it was there.
    pub(crate) fn remove(&self, name: &str) -> bool {
        self.tables.write().remove(name).is_some()
    }

    /// A table is another one by now: its rows are forgotten.
    pub(crate) fn refreshed(&self, name: &str) {
        self.writes.fetch_add(1, Ordering::AcqRel);
        self.remove(name);
    }

    /// Files below a path are others by now: rows that came from there are forgotten.
    pub(crate) fn remove_below(&self, path: &Path) {
        self.writes.fetch_add(1, Ordering::AcqRel);
        self.tables.write().retain(|_, cached| !cached.from.iter().any(|own| own.starts_with(path)));
    }

    /// Something was written: what is kept may be out of date.
    pub(crate) fn written(&self) {
        self.writes.fetch_add(1, Ordering::AcqRel);
        self.clear();
    }

    /// How often files may have changed, as far as this engine was told.
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
