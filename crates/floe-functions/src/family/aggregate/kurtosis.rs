//! `kurtosis`: how heavy the tails are, less that of the normal distribution; NULL where all values are one.

use floe_base::Result;

use super::_statistics::{fourth, one_double, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("kurtosis", bind)
    .usage("kurtosis(expr) - Returns the kurtosis value calculated from values of a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(statistic(
        call,
        one_double(call)?,
        fourth(|[n, _, m2, _, m4]| (*n > 0.0 && *m2 != 0.0).then(|| n * m4 / (m2 * m2) - 3.0)),
    ))
}
