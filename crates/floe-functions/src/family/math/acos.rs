//! `acos`: the angle of a cosine.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("acos", bind).usage("acos(expr) - Returns the inverse cosine (a.k.a. arc cosine) of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, libm::acos)
}
