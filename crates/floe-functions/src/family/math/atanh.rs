//! `atanh`: the number whose hyperbolic tangent is given.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("atanh", bind).usage("atanh(expr) - Returns inverse hyperbolic tangent of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, |value| 0.5 * (libm::log1p(value) - libm::log1p(-value)))
}
