//! `shiftleft`: bits moved to the left. As in Java the number of places counts modulo the width.

use floe_base::Result;

use super::_bits::shift;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("shiftleft", bind)
    .aliases(&["<<"])
    .usage("shiftleft(base, expr) - Bitwise shift: bits moved to the left.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    shift(call, |value, places| value.wrapping_shl(places as u32), |value, places| value.wrapping_shl(places as u32))
}
