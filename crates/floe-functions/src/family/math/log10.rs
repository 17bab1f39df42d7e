//! `log10`: the logarithm to base 10; NULL where there is none.

use floe_base::Result;

use super::_double::partial;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("log10", bind).usage("log10(expr) - Returns the logarithm of `expr` with base 10.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    partial(call, |value| (value > 0.0 || value.is_nan()).then(|| value.log10()))
}
