//! `pandas_kurt(value)`: the excess kurtosis of a sample as pandas has it; NULL for fewer than four values.

use floe_base::Result;

use crate::family::aggregate::_statistics::{fourth, one_double, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("pandas_kurt", bind).internal()];

/// Numbers below this are none (Spark 4.1 `PandasKurtosis`).
const NOTHING: f64 = 1e-14;

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(statistic(call, one_double(call)?, fourth(kurtosis)))
}

fn kurtosis([n, _, second, _, fourth]: &[f64; 5]) -> Option<f64> {
    if *n < 4.0 {
        return None;
    }
    let below = (n - 2.0) * (n - 3.0) * second * second;
    if below.abs() < NOTHING {
        return Some(0.0);
    }
    let above = n * (n + 1.0) * (n - 1.0) * fourth;
    let above = if above.abs() < NOTHING { 0.0 } else { above };
    Some(above / below - (n - 1.0) / (n - 2.0) * ((n - 1.0) / (n - 3.0)) * 3.0)
}
