//! `array_contains(array, value)`: is the value one of the elements; NULL where only a NULL element could be it.

use arrow::array::Array;
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_list::{equal_elements, list_and_value, must_be_list, null_type};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("array_contains", bind)
    .usage("array_contains(array, value) - Returns true where the array holds value.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [array, value] = call.exactly()?;
    if array.data_type == DataType::Null || value.data_type == DataType::Null {
        return Err(null_type(call));
    }
    must_be_list(call, 0)?;
    let (array, value, element) = list_and_value(call, 0, 1)?;
    let nullable = array.nullable || value.nullable || element.is_nullable();
    Ok(call.kernel("", vec![array, value], DataType::Boolean, nullable, |arguments| {
        let (lists, values) = (Lists::of(arguments, 0)?, rows::any(arguments, 1)?);
        let equal = equal_elements(&lists, &values, arguments)?;
        let elements = lists.array.values();
        rows::booleans(arguments, |row| {
            let (Some(mut range), true) = (lists.range(row), values.array.is_valid(values.place(row))) else {
                return Ok(None);
            };
            if range.clone().any(|index| equal.value(index)) {
                return Ok(Some(true));
            }
            Ok(if range.any(|index| elements.is_null(index)) { None } else { Some(false) })
        })
    }))
}
