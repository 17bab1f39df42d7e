//! Rounding of decimals to a number of places: the type, the digits.

use arrow::array::{AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use crate::cast::decimal::{digits_fit, out_of_range, power};
use crate::rows::finish;
use crate::{Call, Kernel, Typed};

/// Which of the two neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    HalfUp,
    HalfEven,
    Up,
    Down,
}

impl Rounding {
    /// The quotient of two whole numbers, the second positive.
    pub(crate) fn divide(self, digits: i128, unit: i128) -> i128 {
        let (down, rest) = (digits.div_euclid(unit), digits.rem_euclid(unit));
        let up = match self {
            Self::Up => rest > 0,
            Self::Down => false,
            // Away from zero: for what is negative the half goes down.
            Self::HalfUp => rest > unit - rest || (rest == unit - rest && digits >= 0),
            Self::HalfEven => rest > unit - rest || (rest == unit - rest && down % 2 != 0),
        };
        down + i128::from(up)
    }
}

/// The places of `ceil` and `floor`, a constant of type INT as it is written.
pub(crate) fn written_places(call: &Call<'_>, index: usize) -> Result<i32> {
    match call.argument(index)?.literal() {
        Some(ScalarValue::Int32(Some(places))) => Ok(*places),
        _ => Err(Error::analysis("NON_FOLDABLE_ARGUMENT")
            .with("funcName", format!("`{}`", call.name))
            .with("paramName", "`scale`")
            .with("paramType", "\"INT\"")
            .at(call.origin)),
    }
}

/// A constant number of places; `None` where it is NULL.
pub(crate) fn places(call: &Call<'_>, index: usize) -> Result<Option<i32>> {
    let Some(argument) = call.arguments.get(index) else { return Ok(Some(0)) };
    let places = call.coerced(index, &DataType::Int32, "\"INT\"")?;
    match places.literal() {
        Some(ScalarValue::Int32(places)) => Ok(*places),
        _ if matches!(argument.literal(), Some(value) if value.is_null()) => Ok(None),
        _ => Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("inputName", "`scale`")
            .with("inputType", "\"INT\"")
            .with("inputExpr", format!("\"{}\"", (call.text)(Some(index))))
            .at(call.origin)),
    }
}

/// The type of a decimal rounded to so many places: one digit more, for 9.9 may become 10.
pub(crate) fn decimal_type(precision: u8, scale: i8, places: i32) -> DataType {
    let whole = i32::from(precision) - i32::from(scale) + 1;
    if places < 0 {
        return DataType::Decimal128(whole.max(-places + 1).min(38) as u8, 0);
    }
    let scale = i32::from(scale).min(places);
    DataType::Decimal128((whole + scale).min(38) as u8, scale as i8)
}

/// A decimal rounded. It raises, or without ANSI is NULL, only where 38 digits do not hold the one more.
pub(crate) fn decimal(call: &Call<'_>, value: Typed, places: i32, rounding: Rounding, target: DataType) -> Typed {
    let DataType::Decimal128(precision, scale) = value.data_type else { return value };
    let DataType::Decimal128(target_precision, target_scale) = target else { return value };
    let full = i32::from(precision) - i32::from(scale) + 1 + i32::from(target_scale) > 38 || places < -37;
    let raises = call.context.ansi && full;
    let ansi = call.context.ansi;
    let key = format!("{} {places} {rounding:?} {ansi}", value.data_type);
    let kernel = Kernel::new(call.name, key, target, true, move |arguments| {
        let argument = arguments.array(0)?;
        let numbers = argument.as_primitive::<Decimal128Type>();
        let rounded = |digits: i128| round(digits, i32::from(scale), places, i32::from(target_scale), rounding);
        let mut out = Vec::with_capacity(numbers.len());
        for value in numbers {
            out.push(match value.map(rounded) {
                Some(Some(digits)) if digits_fit(digits, target_precision) => Some(digits),
                Some(_) if ansi => {
                    let number = crate::cast::decimal::Decimal::new(value.unwrap_or_default(), scale);
                    return Err(out_of_range(&number.plain(), target_precision, target_scale).at(arguments.origin));
                }
                _ => None,
            });
        }
        let out = Decimal128Array::from(out).with_precision_and_scale(target_precision, target_scale)?;
        if arguments.all_scalar() {
            return finish(arguments, std::sync::Arc::new(out.slice(0, 1)));
        }
        Ok(ColumnarValue::Array(std::sync::Arc::new(out)))
    });
    let kernel = kernel.at(call.origin);
    let kernel = if raises { kernel.fallible() } else { kernel };
    kernel.call(vec![value])
}

/// Digits at the result's scale.
fn round(digits: i128, scale: i32, places: i32, target_scale: i32, rounding: Rounding) -> Option<i128> {
    if places >= scale {
        return Some(digits);
    }
    let Some(unit) = power((scale - places) as u32) else {
        // More places than digits: nothing is left, or one unit of the place.
        let away = match rounding {
            Rounding::Up => digits > 0,
            Rounding::Down => digits < 0,
            _ => false,
        };
        return if away { None } else { Some(0) };
    };
    let rounded = rounding.divide(digits, unit);
    // Places before the point are zeros of the result.
    rounded.checked_mul(power((target_scale - places).max(0) as u32)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_where_they_should() {
        assert_eq!(Rounding::HalfUp.divide(25, 10), 3);
        assert_eq!(Rounding::HalfUp.divide(-25, 10), -3);
        assert_eq!(Rounding::HalfUp.divide(-24, 10), -2);
        assert_eq!(Rounding::HalfEven.divide(25, 10), 2);
        assert_eq!(Rounding::HalfEven.divide(-35, 10), -4);
        assert_eq!(Rounding::Up.divide(-1, 10), 0);
        assert_eq!(Rounding::Down.divide(-1, 10), -1);
        assert_eq!(decimal_type(5, 4, 3), DataType::Decimal128(5, 3));
        assert_eq!(decimal_type(5, 4, -3), DataType::Decimal128(4, 0));
    }
}
