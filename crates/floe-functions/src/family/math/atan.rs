//! `atan`: the angle of a tangent.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("atan", bind).usage("atan(expr) - Returns the inverse tangent (a.k.a. arc tangent) of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, libm::atan)
}
