//! `max`: the greatest value that is not NULL. NaN is greater than any number.

use datafusion::functions_aggregate::min_max::max_udaf;
use floe_base::Result;

use super::_extreme::extreme;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::aggregate("max", bind).usage("max(expr) - Returns the maximum value of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    extreme(call, max_udaf(), true)
}
