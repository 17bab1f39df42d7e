//! `month`: the month of the date, from 1 to 12.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("month", bind).usage("month(date) - Returns the month of the date, from 1 to 12.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Month)
}
