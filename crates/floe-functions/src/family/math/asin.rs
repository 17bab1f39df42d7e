//! `asin`: the angle of a sine.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("asin", bind).usage("asin(expr) - Returns the inverse sine (a.k.a. arc sine) of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, libm::asin)
}
