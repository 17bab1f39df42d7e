//! `radians`: degrees to radians.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("radians", bind).usage("radians(expr) - Converts degrees to radians.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, |angle| angle * 0.017_453_292_519_943_295)
}
