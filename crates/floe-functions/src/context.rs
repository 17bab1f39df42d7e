//! What a function may know of the session and the statement it is called in.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use floe_base::{Error, Result};

/// One per statement; cheap to share.
#[derive(Clone, Debug)]
pub struct Context {
    /// `spark.sql.ansi.enabled`.
    pub ansi: bool,
    /// `spark.sql.session.timeZone`, parsed (a region or an offset) …
    pub time_zone: Tz,
    /// … and as written.
    pub time_zone_name: Arc<str>,
    /// The statement's `current_timestamp`: microseconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    pub current_catalog: String,
    pub current_database: String,
    pub current_user: String,
    /// The session's other settings by key, for functions that read one (`spark.sql.mapKeyDedupPolicy`).
    pub conf: Arc<HashMap<String, String>>,
    /// Reads a schema as DDL (`a INT, b ARRAY<STRING>`), for `from_json` and its like: the parser stands above this crate.
    pub parse_schema: fn(&str) -> Result<floe_syntax::DataType>,
}

impl Context {
    /// A setting, or Spark's default as the caller states it.
    pub fn conf(&self, key: &str, default: &str) -> String {
        self.conf.get(key).cloned().unwrap_or_else(|| default.into())
    }
}

impl Default for Context {
    /// ANSI on, UTC, the epoch: what unit tests want.
    fn default() -> Self {
        Self {
            ansi: true,
            time_zone: "+00:00".parse().unwrap_or_else(|_| unreachable!("an offset is a zone")),
            time_zone_name: "UTC".into(),
            now: 0,
            current_catalog: "spark_catalog".into(),
            current_database: "default".into(),
            current_user: "floe".into(),
            conf: Arc::default(),
            parse_schema: |_| Err(Error::internal("this context has no parser for schemas")),
        }
    }
}
