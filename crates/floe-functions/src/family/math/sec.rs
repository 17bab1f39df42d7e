//! `sec`: the secant of an angle.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("sec", bind)
    .usage("sec(expr) - Returns the secant of `expr`, as if computed by `1/java.lang.Math.cos`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, |angle| 1.0 / angle.cos())
}
