//! `array_position(array, value)`: the place of the first equal element, from 1; 0 where there is none.

use arrow::array::Array;
use arrow::datatypes::{DataType, Int64Type};
use floe_base::Result;

use super::_list::{equal_elements, list_and_value, must_be_list, null_type};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("array_position", bind).usage(
    "array_position(array, value) - Returns the place (from 1) of the first element that equals value, else 0.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [array, _] = call.exactly()?;
    if array.data_type == DataType::Null {
        return Err(null_type(call));
    }
    must_be_list(call, 0)?;
    let (array, value, _) = list_and_value(call, 0, 1)?;
    let nullable = array.nullable || value.nullable;
    Ok(call.kernel("", vec![array, value], DataType::Int64, nullable, |arguments| {
        let (lists, values) = (Lists::of(arguments, 0)?, rows::any(arguments, 1)?);
        let equal = equal_elements(&lists, &values, arguments)?;
        rows::numbers::<Int64Type>(arguments, |row| {
            let (Some(mut range), true) = (lists.range(row), values.array.is_valid(values.place(row))) else {
                return Ok(None);
            };
            let found = range.position(|index| equal.value(index));
            Ok(Some(found.map_or(0, |at| i64::try_from(at + 1).unwrap_or(i64::MAX))))
        })
    }))
}
