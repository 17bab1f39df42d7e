//! `hour`: the hour of the timestamp.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("hour", bind).usage("hour(expr) - Returns the hour of the timestamp.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Hour)
}
