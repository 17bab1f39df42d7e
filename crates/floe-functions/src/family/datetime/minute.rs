//! `minute`: the minute of the timestamp.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("minute", bind).usage("minute(expr) - Returns the minute of the timestamp.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Minute)
}
