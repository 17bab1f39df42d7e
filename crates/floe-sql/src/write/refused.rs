//! Why a plan is not written.

use std::fmt;

use datafusion::common::DataFusionError;

/// What stands against a plan, by name: `operator recursive`, `function percentile`, `type interval`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(String);

impl Refused {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<DataFusionError> for Refused {
    /// The plan says of itself what makes no sense: a type that cannot be told, a column that is not there.
    fn from(error: DataFusionError) -> Self {
        Self(format!("a plan that is inconsistent: {error}"))
    }
}
