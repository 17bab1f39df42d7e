//! What the aggregates of pandas-on-Spark share: constants beside the column.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use crate::Call;

/// The argument `dropna`, a boolean constant.
pub(crate) fn drops_nulls(call: &Call<'_>, index: usize) -> Result<bool> {
    match call.argument(index)?.literal() {
        Some(ScalarValue::Boolean(Some(drops))) => Ok(*drops),
        _ => Err(call.unexpected_type(index, "\"BOOLEAN\"")),
    }
}

/// Degrees of freedom: `functions` are those for 0, 1 and 2, beyond which nobody asks.
pub(crate) fn by_degrees<T: Copy>(call: &Call<'_>, index: usize, functions: [T; 3]) -> Result<T> {
    let degrees = match call.argument(index)?.literal() {
        Some(ScalarValue::Int32(Some(degrees))) => usize::try_from(*degrees).ok(),
        _ => return Err(call.unexpected_type(index, "\"INT\"")),
    };
    let function = degrees.and_then(|degrees| functions.get(degrees)).copied();
    function.ok_or_else(|| {
        Error::unsupported(format!("`{}` of more than two degrees of freedom", call.name)).at(call.origin)
    })
}
