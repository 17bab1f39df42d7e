//! `regr_sxx(y, x)`: the sum of squared deviations of x from its mean.

use floe_base::Result;

use super::_both::{two_doubles, where_both};
use super::_statistics::{second, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_sxx", bind)
    .usage("regr_sxx(y, x) - Returns REGR_COUNT(y, x) * VAR_POP(x) for non-null pairs in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    Ok(statistic(call, vec![where_both(&x, &y)?], second(|[n, _, moment]| (*n > 0.0).then_some(*moment))))
}
