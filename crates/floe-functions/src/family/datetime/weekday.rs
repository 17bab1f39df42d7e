//! `weekday`: the day of the week, from 0 for Monday to 6 for Sunday.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("weekday", bind)
    .usage("weekday(date) - Returns the day of the week, from 0 for Monday to 6 for Sunday.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Weekday)
}
