//! `day`: the day of the month, from 1.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("day", bind)
    .aliases(&["dayofmonth"])
    .usage("day(date) - Returns the day of the month, from 1.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Day)
}
