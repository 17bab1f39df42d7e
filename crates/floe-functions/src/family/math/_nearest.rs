//! What `round` and `bround` share: any number to the nearest of so many places, its type kept.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use super::_round::{Rounding, decimal, decimal_type, places};
use crate::cast::decimal::{self as digits, Decimal};
use crate::cast::double::{double_text, float_text};
use crate::family::arithmetic::_number::arithmetic_overflow;
use crate::{Call, Kernel, Typed, coerce};

pub(crate) fn bind(call: &Call<'_>, rounding: Rounding) -> Result<Typed> {
    call.between(1, 2)?;
    let value = call.argument(0)?.clone();
    let value = coerce::numeric(value, call.context, call.origin)
        .unwrap_or_else(|| Err(call.unexpected_type(0, "\"NUMERIC\"")))?;
    let to = places(call, 1)?;
    let data_type = match value.data_type {
        DataType::Decimal128(precision, scale) => decimal_type(precision, scale, to.unwrap_or(0)),
        ref other => other.clone(),
    };
    let Some(to) = to else { return Ok(Typed::null(&data_type)) };
    if value.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Float64));
    }
    if coerce::is_decimal(&value.data_type) {
        return Ok(decimal(call, value, to, rounding, data_type));
    }
    if coerce::is_integral(&value.data_type) && to >= 0 {
        return Ok(value.or_null_if(true));
    }
    let ansi = call.context.ansi;
    let raises = ansi && coerce::is_integral(&value.data_type);
    let key = format!("{data_type} {to} {rounding:?} {ansi}");
    let kernel = Kernel::new(call.name, key, data_type, true, move |arguments| {
        let array = arguments.array(0)?;
        let rounded: ArrayRef = match array.data_type() {
            DataType::Float32 => {
                Arc::new(arrow::compute::unary::<_, _, Float32Type>(array.as_primitive::<Float32Type>(), |value| {
                    rounded_text(&float_text(value), to, rounding).map_or(value, Decimal::to_f32)
                }))
            }
            DataType::Float64 => {
                Arc::new(arrow::compute::unary::<_, _, Float64Type>(array.as_primitive::<Float64Type>(), |value| {
                    rounded_text(&double_text(value), to, rounding).map_or(value, Decimal::to_f64)
                }))
            }
            DataType::Int8 => whole::<Int8Type>(&array, to, rounding, ansi, |value| value as i8)?,
            DataType::Int16 => whole::<Int16Type>(&array, to, rounding, ansi, |value| value as i16)?,
            DataType::Int32 => whole::<Int32Type>(&array, to, rounding, ansi, |value| value as i32)?,
            _ => whole::<Int64Type>(&array, to, rounding, ansi, |value| value as i64)?,
        };
        Ok(ColumnarValue::Array(rounded))
    });
    let kernel = kernel.at(call.origin);
    let kernel = if raises { kernel.fallible() } else { kernel };
    Ok(kernel.call(vec![value]))
}

/// The shortest decimal that is a floating point number, rounded: so 1.005 becomes 1.01. `None`: nothing to round.
fn rounded_text(text: &str, places: i32, rounding: Rounding) -> Option<Decimal> {
    let number = digits::read(text)?;
    // Decimals know no -0.0.
    if number.digits() == arrow::datatypes::i256::ZERO {
        return Some(number);
    }
    let drop = u32::try_from(number.scale() - places).ok().filter(|drop| *drop > 0)?;
    let value = number.digits().to_i128()?;
    let rounded = digits::power(drop).map_or(0, |unit| rounding.divide(value, unit));
    Some(Decimal::wide(arrow::datatypes::i256::from_i128(rounded), places))
}

fn whole<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    places: i32,
    rounding: Rounding,
    ansi: bool,
    wrapped: fn(i128) -> T::Native,
) -> Result<ArrayRef>
where
    T::Native: Into<i128> + PartialEq,
{
    let unit = digits::power(places.unsigned_abs());
    let mut out = Vec::with_capacity(array.len());
    for value in array.as_primitive::<T>() {
        let Some(value) = value else {
            out.push(None);
            continue;
        };
        let rounded = unit.map_or(0, |unit| rounding.divide(value.into(), unit).wrapping_mul(unit));
        let kept = wrapped(rounded);
        if ansi && kept.into() != rounded {
            return Err(arithmetic_overflow("Overflow", ""));
        }
        out.push(Some(kept));
    }
    Ok(Arc::new(out.into_iter().collect::<PrimitiveArray<T>>()))
}
