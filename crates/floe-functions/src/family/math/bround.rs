//! `bround`: rounds to a number of places, halves to the even neighbour.

use floe_base::Result;

use super::_nearest;
use super::_round::Rounding;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("bround", bind)
    .usage("bround(expr, d) - Returns `expr` rounded to `d` decimal places, halves to the even neighbour.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    _nearest::bind(call, Rounding::HalfEven)
}
