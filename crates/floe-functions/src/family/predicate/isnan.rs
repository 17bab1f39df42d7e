//! `isnan`: whether a floating point number is none; NULL is a number.

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("isnan", bind).usage("isnan(expr) - Returns true if `expr` is NaN, or false otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let value = match value.data_type {
        DataType::Float32 => value,
        _ => call.coerced(0, &DataType::Float64, "(\"DOUBLE\" or \"FLOAT\")")?,
    };
    let key = value.data_type.to_string();
    Ok(call.kernel(key, vec![value], DataType::Boolean, false, |arguments| {
        let array = arguments.array(0)?;
        let set: BooleanArray = match array.data_type() {
            DataType::Float32 => {
                array.as_primitive::<Float32Type>().iter().map(|value| Some(value.is_some_and(f32::is_nan))).collect()
            }
            _ => array.as_primitive::<Float64Type>().iter().map(|value| Some(value.is_some_and(f64::is_nan))).collect(),
        };
        Ok(ColumnarValue::Array(std::sync::Arc::new(set)))
    }))
}
