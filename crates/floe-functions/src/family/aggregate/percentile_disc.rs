//! `percentile_disc(percentage) WITHIN GROUP (ORDER BY value)`: one of the values.

use floe_base::Result;

use super::_percentile::{Percentages, Reading, only_ordering, percentile};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("percentile_disc", bind)
    .usage("percentile_disc(percentage) WITHIN GROUP (ORDER BY col) - Returns a percentile value based on the distribution of numeric or ANSI interval column `col`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let (value, descending) = only_ordering(call)?;
    percentile(call, value, None, Percentages::of(call, 0)?, Reading::Discrete, descending)
}
