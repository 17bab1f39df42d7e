//! `cot`: the cotangent of an angle.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("cot", bind)
    .usage("cot(expr) - Returns the cotangent of `expr`, as if computed by `1/java.lang.Math.tan`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, |angle| 1.0 / angle.tan())
}
