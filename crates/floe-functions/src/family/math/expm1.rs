//! `expm1`: e to the power of a number, less one.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("expm1", bind).usage("expm1(expr) - Returns exp(`expr`) - 1.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, libm::expm1)
}
