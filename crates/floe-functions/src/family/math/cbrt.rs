//! `cbrt`: the cube root.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("cbrt", bind).usage("cbrt(expr) - Returns the cube root of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, libm::cbrt)
}
