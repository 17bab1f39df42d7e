//! `quarter`: the quarter of the year, from 1 to 4.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("quarter", bind).usage("quarter(date) - Returns the quarter of the year, from 1 to 4.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Quarter)
}
