//! `sqrt`: the square root; NaN of what is negative.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("sqrt", bind).usage("sqrt(expr) - Returns the square root of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, f64::sqrt)
}
