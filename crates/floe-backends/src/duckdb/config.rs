//! How DuckDB is set up.

use std::path::PathBuf;

/// What every connection sets. Times with a zone are instants: what a session's zone makes of them is in the plan. And a
/// plan is as deep as it is; the threads that read it have deep stacks. A DuckDB built from source knows no zones.
pub(super) const SESSION: &str = if cfg!(feature = "bundled") {
    "SET max_expression_depth = 100000"
} else {
    "SET TimeZone = 'UTC'; SET max_expression_depth = 100000"
};

/// The limits of one DuckDB.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bytes it may hold before it spills.
    pub memory_bytes: u64,
    /// `None`: the system's temporary folder.
    pub spill_dir: Option<PathBuf>,
    pub spill_bytes: u64,
    pub threads: usize,
}

impl Config {
    /// The settings of the database.
    pub(super) fn settings(&self) -> Vec<(&'static str, String)> {
        let spill_dir = self.spill_dir.clone().unwrap_or_else(std::env::temp_dir).join("floe-duckdb");
        vec![
            ("memory_limit", format!("{}B", self.memory_bytes)),
            ("max_temp_directory_size", format!("{}B", self.spill_bytes)),
            ("temp_directory", spill_dir.display().to_string()),
            ("threads", self.threads.to_string()),
            // Nothing is fetched unasked, and no state of other programs is read.
            ("autoinstall_known_extensions", "false".into()),
            ("autoload_known_extensions", "false".into()),
            ("allow_persistent_secrets", "false".into()),
        ]
    }
}
