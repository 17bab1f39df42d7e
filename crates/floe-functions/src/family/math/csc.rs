//! `csc`: the cosecant of an angle.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("csc", bind)
    .usage("csc(expr) - Returns the cosecant of `expr`, as if computed by `1/java.lang.Math.sin`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, |angle| 1.0 / angle.sin())
}
