//! `min`: the least value that is not NULL. NaN is greater than any number.

use datafusion::functions_aggregate::min_max::min_udaf;
use floe_base::Result;

use super::_extreme::extreme;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::aggregate("min", bind).usage("min(expr) - Returns the minimum value of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    extreme(call, min_udaf(), false)
}
