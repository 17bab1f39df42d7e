//! `percentile(value, percentage [, frequency])`: exact, between two values in proportion.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_percentile::{Percentages, Reading, percentile};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("percentile", bind)
    .usage("percentile(col, percentage [, frequency]) - Returns the exact percentile value of numeric or ANSI interval column `col` at the given percentage.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let frequency = match call.arguments.get(2) {
        Some(frequency) if frequency.data_type.is_integer() => Some(frequency.clone()),
        Some(_) => Some(call.coerced(2, &DataType::Int64, "\"INTEGRAL\"")?),
        None => None,
    };
    let percentages = Percentages::of(call, 1)?;
    percentile(call, call.argument(0)?.clone(), frequency, percentages, Reading::Continuous, false)
}
