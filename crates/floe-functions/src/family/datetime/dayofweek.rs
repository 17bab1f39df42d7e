//! `dayofweek`: the day of the week, from 1 for Sunday to 7 for Saturday.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("dayofweek", bind)
    .usage("dayofweek(date) - Returns the day of the week, from 1 for Sunday to 7 for Saturday.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::DayOfWeek)
}
