//! `log1p`: the natural logarithm of one more; NULL where there is none.

use floe_base::Result;

use super::_double::partial;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("log1p", bind).usage("log1p(expr) - Returns log(1 + `expr`).")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    partial(call, |value| (value > -1.0 || value.is_nan()).then(|| libm::log1p(value)))
}
