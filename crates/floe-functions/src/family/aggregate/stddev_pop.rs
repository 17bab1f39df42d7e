//! `stddev_pop`: the standard deviation of a population.

use floe_base::Result;

use super::_statistics::{one_double, second, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("stddev_pop", bind)
    .usage("stddev_pop(expr) - Returns the population standard deviation calculated from values of a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(statistic(call, one_double(call)?, second(|[n, _, m2]| (*n > 0.0).then(|| (m2 / n).sqrt()))))
}
