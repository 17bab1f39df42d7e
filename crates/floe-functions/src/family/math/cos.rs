//! `cos`: the cosine of an angle.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("cos", bind)
    .usage("cos(expr) - Returns the cosine of `expr`, as if computed by `java.lang.Math.cos`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, f64::cos)
}
