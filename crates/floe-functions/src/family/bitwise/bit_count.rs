//! `bit_count`: how many bits are set, of 64; of a boolean one or none.

use arrow::datatypes::{DataType, Int32Type};
use floe_base::Result;
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::rows::{Longs, numbers};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("bit_count", bind).usage(
    "bit_count(expr) - Returns the number of bits that are set in the argument expr as an unsigned 64-bit integer, or \
     NULL if the argument is NULL.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if !coerce::is_integral(&value.data_type) && !matches!(value.data_type, DataType::Boolean | DataType::Null) {
        return Err(call.unexpected_type(0, "(\"INTEGRAL\" or \"BOOLEAN\")"));
    }
    let nullable = value.nullable;
    let value = cast(value, &DataType::Int64, CastMode::Session, call.context, call.origin)?;
    Ok(call.kernel("", vec![value], DataType::Int32, nullable, |arguments| {
        let values = Longs::of(arguments, 0)?;
        numbers::<Int32Type>(arguments, |row| Ok(values.at(row).map(|value| value.count_ones() as i32)))
    }))
}
