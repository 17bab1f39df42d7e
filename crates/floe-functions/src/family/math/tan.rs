//! `tan`: the tangent of an angle.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("tan", bind)
    .usage("tan(expr) - Returns the tangent of `expr`, as if computed by `java.lang.Math.tan`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, f64::tan)
}
