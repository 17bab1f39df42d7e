//! `second`: the second of the timestamp.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("second", bind).usage("second(expr) - Returns the second of the timestamp.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Second)
}
