//! Unary plus: the number or interval as it is.

use floe_base::Result;

use super::_operands::NUMBERS_AND_INTERVALS;
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("positive", bind).usage("positive(expr) - Returns the value of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if coerce::is_interval(&value.data_type) {
        return Ok(value);
    }
    coerce::numeric(value, call.context, call.origin)
        .unwrap_or_else(|| Err(call.unexpected_type(0, NUMBERS_AND_INTERVALS)))
}
