//! `cosh`: the hyperbolic cosine.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("cosh", bind).usage("cosh(expr) - Returns the hyperbolic cosine of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, libm::cosh)
}
