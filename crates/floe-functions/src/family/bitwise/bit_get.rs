//! `bit_get`, also `getbit`: one bit of a whole number.

use arrow::datatypes::{DataType, Int8Type};
use floe_base::error::Kind;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::rows::{Ints, Longs, numbers};
use crate::{Call, Function, Kernel, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("bit_get", bind).aliases(&["getbit"]).usage(
    "bit_get(expr, pos) - Returns the value of the bit (0 or 1) at the specified position. The positions are numbered \
     from right to left, starting at zero.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, _] = call.exactly()?;
    let width = match value.data_type {
        DataType::Int8 => 8,
        DataType::Int16 => 16,
        DataType::Int32 => 32,
        DataType::Int64 | DataType::Null => 64,
        _ => return Err(call.unexpected_type(0, "\"INTEGRAL\"")),
    };
    debug_assert!(coerce::is_integral(&value.data_type) || value.data_type == DataType::Null);
    let place = call.coerced(1, &DataType::Int32, "\"INT\"")?;
    let value = cast(value, &DataType::Int64, CastMode::Session, call.context, call.origin)?;
    let nullable = value.nullable || place.nullable;
    let name = call.name.to_string();
    // The error has no place in the query.
    let kernel = Kernel::new(call.name, width.to_string(), DataType::Int8, nullable, move |arguments| {
        let (values, places) = (Longs::of(arguments, 0)?, Ints::of(arguments, 1)?);
        numbers::<Int8Type>(arguments, |row| {
            let Some((value, place)) = values.at(row).zip(places.at(row)) else { return Ok(None) };
            if !(0..width).contains(&place) {
                return Err(Error::new(Kind::IllegalArgument, "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE")
                    .with("parameter", "`pos`")
                    .with("functionName", format!("`{name}`"))
                    .with("upper", width.to_string())
                    .with("invalidValue", place.to_string()));
            }
            Ok(Some(((value >> place) & 1) as i8))
        })
    });
    Ok(kernel.fallible().call(vec![value, place]))
}
