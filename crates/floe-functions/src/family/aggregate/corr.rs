//! `corr`: Pearson's coefficient of correlation between pairs.

use floe_base::Result;

use super::_both::two_doubles;
use super::_statistics::{joint, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("corr", bind)
    .usage("corr(expr1, expr2) - Returns Pearson coefficient of correlation between a set of number pairs.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (x, y) = two_doubles(call)?;
    Ok(statistic(call, vec![x, y], joint(|[n, _, _, both, a, b]| (*n > 1.0).then(|| both / (a * b).sqrt()))))
}
