//! How DuckDB is set up.

use std::path::{Path, PathBuf};

use floe_base::{Error, Kind, Result};
use tempfile::TempDir;

use crate::memory::Budget;

/// What every connection sets. Times with a zone are instants: what a session's zone makes of them is in the plan. And a
/// plan is as deep as it is; the threads that read it have deep stacks. A DuckDB built from source knows no zones.
pub(super) const SESSION: &str = if cfg!(feature = "bundled") {
    "SET max_expression_depth = 100000"
} else {
    "SET TimeZone = 'UTC'; SET max_expression_depth = 100000"
};

/// Rows that DuckDB takes and computes at a time, however long they are (its `STANDARD_VECTOR_SIZE`).
pub(super) const VECTOR_ROWS: usize = 2048;

/// Set where groups are kept in an array by a key of 16 bits, and NULL: without it 12 bits are the most.
pub(super) const WIDE_GROUPS: &str = "SET perfect_ht_threshold = 17";

/// The setting that tells DuckDB what it may hold now.
pub(super) fn memory_limit(bytes: u64) -> (&'static str, String) {
    ("memory_limit", format!("{bytes}B"))
}

/// The limits of one DuckDB.
#[derive(Clone, Debug)]
pub struct Config {
    /// What it may hold before it spills is lent to it while it has queries.
    pub memory: Budget,
    /// `None`: the system's temporary folder.
    pub spill_dir: Option<PathBuf>,
    pub spill_bytes: u64,
    /// Disk that copies of files may take; 0: none are made.
    pub copies_bytes: u64,
    pub threads: usize,
    /// Where its extensions are; `None`: where DuckDB installs them.
    pub extensions: Option<PathBuf>,
}

impl Config {
    /// A folder of the database's own below the one that was named: DuckDB gives its files the same names everywhere.
    pub(super) fn spill_folder(&self) -> Result<TempDir> {
        let parent = self.spill_dir.clone().unwrap_or_else(std::env::temp_dir);
        let made = std::fs::create_dir_all(&parent).and_then(|()| TempDir::with_prefix_in("floe-duckdb-", &parent));
        made.map_err(|error| {
            let text = format!("DuckDB cannot spill to {}: {error}", parent.display());
            Error::message(Kind::Operation, text).caused_by(error)
        })
    }

    /// The settings of the database.
    pub(super) fn settings(&self, spill_folder: &Path) -> Vec<(&'static str, String)> {
        vec![
            memory_limit(self.memory.lent()),
            ("max_temp_directory_size", format!("{}B", self.spill_bytes)),
            ("temp_directory", spill_folder.display().to_string()),
            ("threads", self.threads.to_string()),
            // A footer is parsed again only when its file was written again.
            ("parquet_metadata_cache", "true".into()),
            // Nothing is fetched unasked, and no state of other programs is read.
            ("autoinstall_known_extensions", "false".into()),
            ("autoload_known_extensions", "false".into()),
            ("allow_persistent_secrets", "false".into()),
        ]
    }
}
