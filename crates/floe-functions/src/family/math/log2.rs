//! `log2`: the logarithm to base 2; NULL where there is none.

use floe_base::Result;

use super::_double::partial;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("log2", bind).usage("log2(expr) - Returns the logarithm of `expr` with base 2.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    partial(call, |value| (value > 0.0 || value.is_nan()).then(|| libm::log(value) / std::f64::consts::LN_2))
}
