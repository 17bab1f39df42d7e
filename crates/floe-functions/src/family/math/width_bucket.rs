//! `width_bucket`: which of so many equal parts of a range a value falls into.

use arrow::array::{AsArray, Float64Array};
use arrow::datatypes::{DataType, DurationMicrosecondType, Float64Type, Int64Type, IntervalYearMonthType};
use floe_base::Result;

use super::_double::double;
use crate::rows::{Column, Longs, any, numbers};
use crate::{Arguments, Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("width_bucket", bind).usage(
    "width_bucket(value, min_value, max_value, num_bucket) - Returns the bucket number to which `value` would be \
     assigned in an equiwidth histogram with `num_bucket` buckets, in the range `min_value` to `max_value`.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, low, high, _] = call.exactly()?;
    let count = call.coerced(3, &DataType::Int64, "\"BIGINT\"")?;
    let interval = coerce::is_ansi_interval(&value.data_type);
    let operands = match interval && value.data_type == low.data_type && value.data_type == high.data_type {
        true => vec![value, low, high, count],
        false => vec![double(call, 0)?, double(call, 1)?, double(call, 2)?, count],
    };
    let key = operands[0].data_type.to_string();
    Ok(call.kernel(key, operands, DataType::Int64, true, |arguments| {
        let (values, lows, highs) = (doubles(arguments, 0)?, doubles(arguments, 1)?, doubles(arguments, 2)?);
        let counts = Longs::of(arguments, 3)?;
        numbers::<Int64Type>(arguments, |row| {
            let operands = values.at(row).zip(lows.at(row)).zip(highs.at(row)).zip(counts.at(row));
            Ok(operands.and_then(|(((value, low), high), count)| bucket(value, low, high, count)))
        })
    }))
}

fn doubles(arguments: &Arguments<'_>, index: usize) -> Result<Column<Float64Array>> {
    let Column { array, constant } = any(arguments, index)?;
    let array = match array.data_type() {
        DataType::Duration(_) => {
            arrow::compute::unary::<_, _, Float64Type>(array.as_primitive::<DurationMicrosecondType>(), |v| v as f64)
        }
        DataType::Interval(_) => {
            arrow::compute::unary::<_, _, Float64Type>(array.as_primitive::<IntervalYearMonthType>(), f64::from)
        }
        _ => array.as_primitive::<Float64Type>().clone(),
    };
    Ok(Column { array, constant })
}

/// From 1; 0 and one past the last for what lies outside. `None` for a range or a number of parts that is none.
fn bucket(value: f64, low: f64, high: f64, count: i64) -> Option<i64> {
    if count <= 0 || count == i64::MAX || value.is_nan() || low == high || !low.is_finite() || !high.is_finite() {
        return None;
    }
    let (before, after) = if low < high { (value < low, value >= high) } else { (value > low, value <= high) };
    match (before, after) {
        (true, _) => Some(0),
        (_, true) => Some(count + 1),
        _ => Some((count as f64 * (value - low) / (high - low)) as i64 + 1),
    }
}
