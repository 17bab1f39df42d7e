//! `or`: three-valued logic, the second operand evaluated only where the first does not decide.

use floe_base::Result;

use super::_logic;
use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("or", bind).usage("expr1 or expr2 - Logical OR. Returns true if either is true.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (left, right) = _logic::operands(call)?;
    Ok(condition::or(left, right))
}
