//! Operands of `& | ^`, of shifts, and the loops over them.

use arrow::datatypes::DataType;
use datafusion::logical_expr::Operator;
use floe_base::Result;
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::family::arithmetic::_number::native;
use crate::family::arithmetic::_operands::{different, refused};
use crate::{Call, Typed, coerce};

/// The engine's own operator on two whole numbers of one type.
pub(crate) fn binary(call: &Call<'_>, operator: Operator) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    let as_double = |value: Typed| match (call.context.ansi, &value.data_type) {
        (false, DataType::Utf8) => cast(value, &DataType::Float64, CastMode::Session, call.context, call.origin),
        _ => Ok(value),
    };
    let (left, right) = (as_double(left)?, as_double(right)?);
    if left.data_type == DataType::Null && right.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Int32));
    }
    let given = (left.clone(), right.clone());
    let (left, right) = coerce::operands(left, right, call.context, call.origin)?;
    if left.data_type != right.data_type {
        return Err(different(call, &left, &right));
    }
    if !coerce::is_integral(&left.data_type) {
        return Err(refused(call, &given, &left, "\"INTEGRAL\""));
    }
    Ok(native(left, operator, right))
}

/// The value of a shift, an int or a long, and the number of places.
pub(crate) fn shift(call: &Call<'_>, int: fn(i32, i32) -> i32, long: fn(i64, i32) -> i64) -> Result<Typed> {
    use arrow::datatypes::{Int32Type, Int64Type};

    use crate::rows::{Ints, Longs, numbers};

    let [value, _] = call.exactly()?;
    let value = match value.data_type {
        DataType::Int64 => value,
        _ => call.coerced(0, &DataType::Int32, "(\"INT\" or \"BIGINT\")")?,
    };
    let places = call.coerced(1, &DataType::Int32, "\"INT\"")?;
    let (data_type, nullable) = (value.data_type.clone(), value.nullable || places.nullable);
    let key = data_type.to_string();
    let is_long = data_type == DataType::Int64;
    Ok(call.kernel(key, vec![value, places], data_type, nullable, move |arguments| {
        let places = Ints::of(arguments, 1)?;
        if is_long {
            let values = Longs::of(arguments, 0)?;
            return numbers::<Int64Type>(arguments, |row| {
                Ok(values.at(row).zip(places.at(row)).map(|(a, b)| long(a, b)))
            });
        }
        let values = Ints::of(arguments, 0)?;
        numbers::<Int32Type>(arguments, |row| Ok(values.at(row).zip(places.at(row)).map(|(a, b)| int(a, b))))
    }))
}
