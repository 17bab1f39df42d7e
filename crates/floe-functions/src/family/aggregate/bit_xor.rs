//! `bit_xor`: the bitwise XOR of the values that are not NULL.

use arrow::datatypes::{DataType, Int8Type, Int16Type, Int32Type, Int64Type};
use floe_base::Result;

use super::_fold::fold;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::aggregate("bit_xor", bind)
        .usage("bit_xor(expr) - Returns the bitwise XOR of all non-null input values.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    match value.data_type {
        DataType::Int8 => Ok(fold::<Int8Type>(call, value, "bit_xor", |a, b| a ^ b)),
        DataType::Int16 => Ok(fold::<Int16Type>(call, value, "bit_xor", |a, b| a ^ b)),
        DataType::Int32 => Ok(fold::<Int32Type>(call, value, "bit_xor", |a, b| a ^ b)),
        DataType::Int64 => Ok(fold::<Int64Type>(call, value, "bit_xor", |a, b| a ^ b)),
        DataType::Null => Ok(fold::<Int64Type>(call, Typed::null(&DataType::Int64), "bit_xor", |a, b| a ^ b)),
        _ => Err(call.unexpected_type(0, "\"INTEGRAL\"")),
    }
}
