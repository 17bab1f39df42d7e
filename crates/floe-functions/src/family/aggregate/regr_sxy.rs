//! `regr_sxy(y, x)`: the sum of products of the deviations from the means.

use floe_base::Result;

use super::_both::two_doubles;
use super::_statistics::{joint, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("regr_sxy", bind)
    .usage("regr_sxy(y, x) - Returns REGR_COUNT(y, x) * COVAR_POP(y, x) for non-null pairs in a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (y, x) = two_doubles(call)?;
    Ok(statistic(call, vec![y, x], joint(|[n, _, _, both, ..]| (*n > 0.0).then_some(*both))))
}
