//! `DESCRIBE FUNCTION`.

use floe_base::{Error, Result};

use super::cells::{texts, told};
use crate::Execution;

pub(super) fn run(name: &[String], _extended: bool) -> Result<Execution> {
    let last = name.last().map(String::as_str).unwrap_or_default();
    let missing = || {
        Error::analysis("UNRESOLVED_ROUTINE")
            .with("routineName", floe_base::error::quoted(name))
            .with("searchPath", "[`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]")
    };
    let function = floe_functions::find(last).ok_or_else(missing)?;
    let lines = [format!("Function: {}", function.name), format!("Usage: {}", function.usage)];
    told(vec![("function_desc", false, texts(lines))])
}
