//! `isnull`: whether a value is NULL.

use floe_base::Result;

use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("isnull", bind).usage("isnull(expr) - Returns true if `expr` is null, or false otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    Ok(condition::is_null(value))
}
