//! `sin`: the sine of an angle.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("sin", bind)
    .usage("sin(expr) - Returns the sine of `expr`, as if computed by `java.lang.Math.sin`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, f64::sin)
}
