//! `covar_samp`: the covariance of a sample of pairs; NULL for fewer than two.

use floe_base::Result;

use super::_both::two_doubles;
use super::_statistics::{joint, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("covar_samp", bind)
    .usage("covar_samp(expr1, expr2) - Returns the sample covariance of a set of number pairs.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (x, y) = two_doubles(call)?;
    Ok(statistic(call, vec![x, y], joint(|[n, _, _, both, ..]| (*n > 1.0).then(|| both / (n - 1.0)))))
}
