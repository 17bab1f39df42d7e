//! `rint`: the nearest whole number, the even one of two.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("rint", bind).usage("rint(expr) - Returns the double value that is closest in value to the argument and is equal to a mathematical integer.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, f64::round_ties_even)
}
