//! `isnotnull`: whether a value is not NULL.

use floe_base::Result;

use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("isnotnull", bind)
    .usage("isnotnull(expr) - Returns true if `expr` is not null, or false otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    Ok(condition::is_not_null(value))
}
