//! `covar_pop`: the covariance of a population of pairs.

use floe_base::Result;

use super::_both::two_doubles;
use super::_statistics::{joint, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("covar_pop", bind)
    .usage("covar_pop(expr1, expr2) - Returns the population covariance of a set of number pairs.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (x, y) = two_doubles(call)?;
    Ok(statistic(call, vec![x, y], joint(|[n, _, _, both, ..]| (*n > 0.0).then(|| both / n))))
}
