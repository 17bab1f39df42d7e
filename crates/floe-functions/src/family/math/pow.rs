//! `pow`: one number to the power of another.

use floe_base::Result;

use super::_double::binary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("pow", bind)
    .aliases(&["power"])
    .usage("pow(expr1, expr2) - Raises `expr1` to the power of `expr2`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    binary(call, power)
}

/// As Java has it, which knows no power of one without end: C says 1 to all of these.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    libm::pow(base, exponent)
}
