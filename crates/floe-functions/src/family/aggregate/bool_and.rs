//! `bool_and` (`every`).

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_extreme::boolean_extreme;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("bool_and", bind)
    .aliases(&["every"])
    .usage("bool_and(expr) - Returns true if all values of `expr` are true.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = call.coerced(0, &DataType::Boolean, "\"BOOLEAN\"")?;
    Ok(boolean_extreme(call, value, false))
}
