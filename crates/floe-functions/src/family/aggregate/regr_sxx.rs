//! `regr_sxx(y, x)`: the sum of squared deviations of x from its mean.

use floe_base::Result;

use super::_both::two_doubles;
use super::_statistics::{joint, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_sxx", bind)
    .usage("regr_sxx(y, x) - Returns REGR_COUNT(y, x) * VAR_POP(x) for non-null pairs in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    Ok(statistic(call, vec![x, y], joint(|[n, _, _, _, a, _]| (*n > 0.0).then_some(*a))))
}
