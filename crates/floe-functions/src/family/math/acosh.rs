//! `acosh`: the number whose hyperbolic cosine is given.

use floe_base::Result;

use super::_double::unary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("acosh", bind).usage("acosh(expr) - Returns inverse hyperbolic cosine of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    unary(call, |value| {
        let square = value * value;
        if square.is_infinite() && value.is_finite() && value > 0.0 {
            return libm::log(value) + std::f64::consts::LN_2;
        }
        libm::log(value + (square - 1.0).sqrt())
    })
}
