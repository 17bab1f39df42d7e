//! Functions of users (`CREATE FUNCTION`): what is kept of them. Their text is read by `floe-plan`, which also says what a
//! call means.

use serde::{Deserialize, Serialize};

use crate::kept::Kept;

/// A function as it was created.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserFunction {
    /// What stood behind its name in the statement.
    pub text: String,
    /// The catalog and namespace that were current then: its body's names mean what they meant.
    pub catalog: String,
    pub namespace: Vec<String>,
    /// `spark.sql.ansi.enabled` then: the body means what it meant.
    pub ansi: bool,
    pub owner: String,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub created: i64,
}

impl Kept for UserFunction {
    const PREFIX: &'static str = "floe.function.";
    const WHAT: &'static str = "a function";
}

/// A function that a name turned out to be.
#[derive(Clone, Debug)]
pub struct FoundFunction {
    /// With its catalog and namespace; a temporary one's alone.
    pub name: Vec<String>,
    pub function: UserFunction,
    pub is_temporary: bool,
}
