//! `signum` and `sign`: -1.0, 0.0 or 1.0 as a number or interval is negative, zero or positive.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, DurationMicrosecondType, Float64Type, IntervalYearMonthType};
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use super::_double::double;
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("signum", bind)
    .aliases(&["sign"])
    .usage("signum(expr) - Returns -1.0, 0.0 or 1.0 as `expr` is negative, 0 or positive.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let value = if coerce::is_ansi_interval(&value.data_type) { value } else { double(call, 0)? };
    let key = value.data_type.to_string();
    Ok(call.kernel(key, vec![value], DataType::Float64, true, |arguments| {
        let array = arguments.array(0)?;
        let out =
            match array.data_type() {
                DataType::Duration(_) => arrow::compute::unary::<_, _, Float64Type>(
                    array.as_primitive::<DurationMicrosecondType>(),
                    |micros| micros.signum() as f64,
                ),
                DataType::Interval(_) => arrow::compute::unary::<_, _, Float64Type>(
                    array.as_primitive::<IntervalYearMonthType>(),
                    |months| f64::from(months.signum()),
                ),
                _ => arrow::compute::unary(array.as_primitive::<Float64Type>(), |value: f64| {
                    if value == 0.0 || value.is_nan() { value } else { value.signum() }
                }),
            };
        Ok(ColumnarValue::Array(std::sync::Arc::new(out)))
    }))
}
