//! `exp`: e to the power of a number.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("exp", bind).usage("exp(expr) - Returns e to the power of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, libm::exp)
}
