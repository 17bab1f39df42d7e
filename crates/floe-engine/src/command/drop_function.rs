//! `DROP FUNCTION`: there are no functions but Spark's own, which stay.

use floe_base::error::quoted;
use floe_base::{Error, Result};

use crate::Execution;

pub(super) fn run(name: &[String], if_exists: bool, temporary: bool) -> Result<Execution> {
    let shown = name.join(".");
    if floe_functions::find(&shown).is_some() {
        if temporary {
            return Err(Error::analysis("_LEGACY_ERROR_TEMP_1255").with("functionName", shown));
        }
        let hint = " Please use fully qualified identifier to drop the persistent function.";
        return Err(Error::analysis("_LEGACY_ERROR_TEMP_1017")
            .with("name", shown)
            .with("cmd", "DROP FUNCTION")
            .with("hintStr", hint));
    }
    match (if_exists, temporary) {
        (true, _) => Ok(Execution::empty()),
        (false, true) => Err(Error::analysis("ROUTINE_NOT_FOUND").with("routineName", quoted(name))),
        (false, false) => Err(Error::analysis("UNRESOLVED_ROUTINE")
            .with("routineName", quoted(name))
            .with("searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]")),
    }
}
