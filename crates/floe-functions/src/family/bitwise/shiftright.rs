//! `shiftright`: bits moved to the right, the sign kept. As in Java the number of places counts modulo the width.

use floe_base::Result;

use super::_bits::shift;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("shiftright", bind)
    .aliases(&[">>"])
    .usage("shiftright(base, expr) - Bitwise shift: bits moved to the right, the sign kept.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    shift(call, |value, places| value.wrapping_shr(places as u32), |value, places| value.wrapping_shr(places as u32))
}
