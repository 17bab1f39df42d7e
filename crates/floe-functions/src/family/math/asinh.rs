//! `asinh`: the number whose hyperbolic sine is given.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("asinh", bind).usage("asinh(expr) - Returns inverse hyperbolic sine of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, asinh)
}

/// Spark's own formula, its rounding included: `asinh(-1e8)` is -Infinity (Spark 4.1.4), though not so for larger ones,
/// whose square overflows.
fn asinh(value: f64) -> f64 {
    let square = value * value;
    if square.is_infinite() && value.is_finite() {
        return (libm::log(value.abs()) + std::f64::consts::LN_2).copysign(value);
    }
    if value == f64::NEG_INFINITY {
        return value;
    }
    libm::log(value + (square + 1.0).sqrt())
}
