//! `weekofyear`: the week of the year: weeks begin on Monday, week 1 has the first Thursday.

use floe_base::Result;

use super::_field::{Field, of_only};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("weekofyear", bind)
    .usage("weekofyear(date) - Returns the week of the year: weeks begin on Monday, week 1 has the first Thursday.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    of_only(call, Field::Week)
}
