//! `DROP FUNCTION`: a user's, of a catalog or the session's own. Spark's own functions stay.

use floe_base::error::quoted;
use floe_base::{Error, Result};

use super::lookup::missing_routine;
use crate::session::kept_function;
use crate::{Execution, Session};

pub(super) async fn run(session: &Session, name: &[String], if_exists: bool, temporary: bool) -> Result<Execution> {
    let is_dropped = if temporary { own(session, name) } else { kept(session, name).await? };
    if is_dropped {
        return Ok(Execution::empty());
    }
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
        (false, false) => Err(missing_routine(session, name)),
    }
}

fn own(session: &Session, name: &[String]) -> bool {
    matches!(name, [single] if session.drop_temp_function(single))
}

/// A name of one part that a function of Spark's has means that one.
async fn kept(session: &Session, name: &[String]) -> Result<bool> {
    if matches!(name, [single] if floe_functions::find(single).is_some()) {
        return Ok(false);
    }
    for located in session.candidates(name, None).await? {
        if kept_function(located.catalog.as_ref(), &located.namespace, &located.name).await?.is_some() {
            located.catalog.drop_function(&located.namespace, &located.name).await?;
            return Ok(true);
        }
    }
    Ok(false)
}
