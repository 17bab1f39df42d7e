//! `bool_or` (`some`, `any`).

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_extreme::boolean_extreme;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("bool_or", bind)
    .aliases(&["some", "any"])
    .usage("bool_or(expr) - Returns true if at least one value of `expr` is true.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = call.coerced(0, &DataType::Boolean, "\"BOOLEAN\"")?;
    Ok(boolean_extreme(call, value, true))
}
