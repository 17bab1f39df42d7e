//! `skewness`: how lopsided the values are; NULL where they are all one.

use floe_base::Result;

use super::_statistics::{fourth, one_double, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("skewness", bind)
    .usage("skewness(expr) - Returns the skewness value calculated from values of a group.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(statistic(
        call,
        one_double(call)?,
        fourth(|[n, _, m2, m3, _]| (*n > 0.0 && *m2 != 0.0).then(|| n.sqrt() * m3 / (m2 * m2 * m2).sqrt())),
    ))
}
