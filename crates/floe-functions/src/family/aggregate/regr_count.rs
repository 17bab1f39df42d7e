//! `regr_count(y, x)`: how many pairs are complete.

use floe_base::Result;

use super::_both::two_doubles;
use super::count::count;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_count", bind)
    .usage("regr_count(y, x) - Returns the number of non-null number pairs in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    count(call, vec![y, x])
}
