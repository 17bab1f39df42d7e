//! `shiftrightunsigned`: bits moved to the right, zeros before them. As in Java the number of places counts modulo the width.

use floe_base::Result;

use super::_bits::shift;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("shiftrightunsigned", bind)
    .aliases(&[">>>"])
    .usage("shiftrightunsigned(base, expr) - Bitwise shift: bits moved to the right, zeros before them.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    shift(
        call,
        |value, places| (value as u32).wrapping_shr(places as u32) as i32,
        |value, places| (value as u64).wrapping_shr(places as u32) as i64,
    )
}
