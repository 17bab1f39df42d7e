//! `sinh`: the hyperbolic sine.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("sinh", bind).usage("sinh(expr) - Returns hyperbolic sine of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, libm::sinh)
}
