//! `hypot`: the length of the longest side of a right triangle.

use floe_base::Result;

use super::_double::binary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("hypot", bind).usage("hypot(expr1, expr2) - Returns sqrt(`expr1`**2 + `expr2`**2).")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    binary(call, libm::hypot)
}
