//! `ln`: the natural logarithm; NULL where there is none.

use floe_base::Result;

use super::_double::partial;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("ln", bind).usage("ln(expr) - Returns the natural logarithm (base e) of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    partial(call, |value| (value > 0.0 || value.is_nan()).then(|| libm::log(value)))
}
