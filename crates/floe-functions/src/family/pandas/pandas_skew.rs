//! `pandas_skew(value)`: the skewness of a sample as pandas has it; NULL for fewer than three values.

use floe_base::Result;

use crate::family::aggregate::_statistics::{fourth, one_double, statistic};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("pandas_skew", bind).internal()];

/// Moments below this are none (Spark 4.1 `PandasSkewness`).
const NOTHING: f64 = 1e-14;

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(statistic(call, one_double(call)?, fourth(skewness)))
}

fn skewness([n, _, second, third, _]: &[f64; 5]) -> Option<f64> {
    if *n < 3.0 {
        return None;
    }
    if second.abs() < NOTHING {
        return Some(0.0);
    }
    let third = if third.abs() < NOTHING { 0.0 } else { *third };
    Some(n.sqrt() * (n - 1.0).sqrt() / (n - 2.0) * n.sqrt() * third / (second * second * second).sqrt())
}
