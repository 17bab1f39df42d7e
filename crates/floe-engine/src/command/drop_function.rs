//! `DROP FUNCTION`: there are no functions but Spark's own, so there is none to drop.

use floe_base::error::quoted;
use floe_base::{Error, Result};

use crate::Execution;

pub(super) fn run(name: &[String], if_exists: bool) -> Result<Execution> {
    if if_exists {
        return Ok(Execution::empty());
    }
    Err(Error::analysis("ROUTINE_NOT_FOUND").with("routineName", quoted(name)))
}
