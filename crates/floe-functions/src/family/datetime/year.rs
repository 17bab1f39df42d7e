//! `year`: the year of the date.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("year", bind).usage("year(date) - Returns the year of the date.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Year)
}
