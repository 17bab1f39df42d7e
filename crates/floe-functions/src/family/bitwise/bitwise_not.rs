//! `~`: the bits a whole number does not have.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("~", bind).usage("~ expr - Returns the result of bitwise NOT of `expr`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if !coerce::is_integral(&value.data_type) && value.data_type != DataType::Null {
        return Err(call.unexpected_type(0, "\"INTEGRAL\""));
    }
    if value.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Int32));
    }
    let (data_type, nullable) = (value.data_type.clone(), value.nullable);
    Ok(call.kernel(data_type.to_string(), vec![value], data_type, nullable, |arguments| {
        let array = arguments.array(0)?;
        macro_rules! flipped {
            ($data_type:ty) => {
                std::sync::Arc::new(arrow::compute::unary::<_, _, $data_type>(
                    array.as_primitive::<$data_type>(),
                    |value| !value,
                )) as ArrayRef
            };
        }
        Ok(ColumnarValue::Array(match array.data_type() {
            DataType::Int8 => flipped!(Int8Type),
            DataType::Int16 => flipped!(Int16Type),
            DataType::Int32 => flipped!(Int32Type),
            _ => flipped!(Int64Type),
        }))
    }))
}
