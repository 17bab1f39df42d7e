//! The names things go by: backends, sessions, operations.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An engine that runs plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendId {
    DataFusion,
    DuckDb,
    Spark,
    Snowflake,
}

impl BackendId {
    pub const ALL: [BackendId; 4] = [Self::DataFusion, Self::DuckDb, Self::Spark, Self::Snowflake];

    pub fn name(self) -> &'static str {
        match self {
            Self::DataFusion => "datafusion",
            Self::DuckDb => "duckdb",
            Self::Spark => "spark",
            Self::Snowflake => "snowflake",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|backend| backend.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose session: the same id of another user is another session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionKey {
    pub user_id: String,
    pub session_id: String,
}

/// A fresh token: 244 random bits in letters that fit into a header, an address and a shell.
pub fn fresh_token() -> crate::Secret {
    crate::Secret::new(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
}

/// A fresh random id, as clients expect it: a UUID in lower case.
pub fn fresh() -> String {
    Uuid::new_v4().to_string()
}
