//! `median`: the exact percentile at one half.

use floe_base::Result;

use super::_percentile::{Percentages, Reading, percentile};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("median", bind)
    .usage("median(col) - Returns the median of numeric or ANSI interval column `col`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    percentile(call, value, None, Percentages::half(), Reading::Continuous, false)
}
