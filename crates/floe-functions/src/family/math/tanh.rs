//! `tanh`: the hyperbolic tangent.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("tanh", bind).usage("tanh(expr) - Returns the hyperbolic tangent of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, f64::tanh)
}
