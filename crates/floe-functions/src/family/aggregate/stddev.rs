//! `stddev` (`stddev_samp`, `std`): the standard deviation of a sample; NULL for fewer than two values.

use floe_base::Result;

use super::_statistics::{one_double, second, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("stddev", bind)
    .aliases(&["stddev_samp", "std"])
    .usage("stddev(expr) - Returns the sample standard deviation calculated from values of a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(statistic(call, one_double(call)?, second(|[n, _, m2]| (*n > 1.0).then(|| (m2 / (n - 1.0)).sqrt()))))
}
