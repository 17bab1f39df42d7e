//! `IS UNKNOWN` and `IS NOT UNKNOWN`: whether a condition is NULL. No function is called so.

use arrow::datatypes::DataType;
use floe_base::Result;

use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("is unknown", is).usage("expr is unknown - Returns true if the condition is NULL."),
    Function::scalar("is not unknown", is_not)
        .usage("expr is not unknown - Returns true if the condition is not NULL."),
];

fn is(call: &Call<'_>) -> Result<Typed> {
    Ok(condition::is_null(boolean(call)?))
}

fn is_not(call: &Call<'_>) -> Result<Typed> {
    Ok(condition::is_not_null(boolean(call)?))
}

fn boolean(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    call.coerced(0, &DataType::Boolean, "\"BOOLEAN\"")
}
