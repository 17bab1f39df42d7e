//! `nth_value(value, n)`: the value of the nth row of the window's frame, counted from 1.

use arrow::datatypes::DataType;
use datafusion::functions_window::nth_value::nth_value_udwf;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_window::over;
use crate::family::aggregate::_constant::{constant, out_of_range, unexpected_null};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::window("nth_value", bind)
    .usage("nth_value(input[, offset]) - Returns the value of `input` at the row that is the `offset`th row from beginning of the window frame.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, _] = call.exactly()?;
    let ScalarValue::Int64(Some(offset)) = constant(call, 1, &DataType::Int64, "offset", "INT")? else {
        return Err(unexpected_null(call, "offset"));
    };
    if offset < 1 {
        return Err(out_of_range(call, "offset", "(0, 9223372036854775807]", format!("{offset}L")));
    }
    let (data_type, written) = (value.data_type.clone(), value.written.clone());
    let arguments = vec![value, Typed::constant(ScalarValue::from(offset))];
    Ok(Typed::new(over(call, nth_value_udwf(), arguments), data_type, true).with_written(written))
}
