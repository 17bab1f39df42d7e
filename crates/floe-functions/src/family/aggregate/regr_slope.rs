//! `regr_slope(y, x)`: the slope of the line fitted through the pairs.

use floe_base::Result;

use super::_both::two_doubles;
use super::_statistics::{regression, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_slope", bind)
    .usage("regr_slope(y, x) - Returns the slope of the linear regression line for non-null pairs in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    Ok(statistic(call, vec![x, y], regression(|[_, _, _, both, a]| (*a != 0.0).then(|| both / a))))
}
