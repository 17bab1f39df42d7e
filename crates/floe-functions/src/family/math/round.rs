//! `round`: rounds to a number of places, halves away from zero.

use floe_base::Result;

use super::_nearest;
use super::_round::Rounding;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("round", bind)
    .usage("round(expr, d) - Returns `expr` rounded to `d` decimal places, halves away from zero.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    _nearest::bind(call, Rounding::HalfUp)
}
