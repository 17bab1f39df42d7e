//! `and`: three-valued logic, the second operand evaluated only where the first does not decide.

use floe_base::Result;

use super::_logic;
use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("and", bind).usage("expr1 and expr2 - Logical AND. Returns true only if both are true.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (left, right) = _logic::operands(call)?;
    Ok(condition::and(left, right))
}
