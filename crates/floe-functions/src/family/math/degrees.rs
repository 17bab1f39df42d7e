//! `degrees`: radians to degrees.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("degrees", bind).usage("degrees(expr) - Converts radians to degrees.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, |angle| angle * 57.295_779_513_082_32)
}
