//! `atan2`: the angle of a point, its y coordinate first.

use floe_base::Result;

use super::_double::binary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("atan2", bind).usage(
    "atan2(exprY, exprX) - Returns the angle in radians between the positive x-axis of a plane and the point given by the coordinates (`exprX`, `exprY`).",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    // Spark 4.1 adds 0.0 to both, so that no -0.0 is left.
    binary(call, |y, x| libm::atan2(y + 0.0, x + 0.0))
}
