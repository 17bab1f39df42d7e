//! `regr_intercept(y, x)`: where the line fitted through the pairs meets x = 0.

use floe_base::Result;

use super::_both::two_doubles;
use super::_statistics::{regression, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_intercept", bind)
    .usage("regr_intercept(y, x) - Returns the intercept of the univariate linear regression line in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    Ok(statistic(
        call,
        vec![x, y],
        regression(|[_, mean_x, mean_y, both, a]| (*a != 0.0).then(|| mean_y - both / a * mean_x)),
    ))
}
