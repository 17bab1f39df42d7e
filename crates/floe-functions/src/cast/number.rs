//! Casts between numbers: what happens to a value that does not fit.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Decimal128Array, PrimitiveArray};
use arrow::compute::{try_unary, unary};
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use floe_base::error::Kind;
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;

use super::convert::arrow_cast;
use super::decimal::{self, Decimal};
use super::{Rules, double};
use crate::coerce;

/// Numbers of one type as numbers of another.
pub(super) fn convert(array: &ArrayRef, target: &DataType, rules: &Rules) -> Result<ArrayRef> {
    use DataType::{Decimal128, Float32, Float64, Int8, Int16, Int32, Int64};
    match (array.data_type(), target) {
        (Int8 | Int16 | Int32 | Int64, Float32 | Float64) | (Float32, Float64) | (Float64, Float32) => {
            arrow_cast(array, target)
        }
        (from, to) if coerce::is_integral(from) && coerce::is_integral(to) => {
            if coerce::number_rank(from) <= coerce::number_rank(to) {
                return arrow_cast(array, target);
            }
            let array = arrow_cast(array, &Int64)?;
            narrowed(array.as_primitive::<Int64Type>(), from.clone(), target, rules)
        }
        (Float32, Int8 | Int16 | Int32 | Int64) => {
            let wide = unary::<_, _, Float64Type>(array.as_primitive::<Float32Type>(), f64::from);
            truncated(&wide, &Float32, target, rules)
        }
        (Float64, Int8 | Int16 | Int32 | Int64) => truncated(array.as_primitive(), &Float64, target, rules),
        (Decimal128(..), Float32) => Ok(Arc::new(unary_decimal::<Float32Type>(array, |value| value.to_f32()))),
        (Decimal128(..), Float64) => Ok(Arc::new(unary_decimal::<Float64Type>(array, |value| value.to_f64()))),
        (Decimal128(..), Int8 | Int16 | Int32 | Int64) => whole(array.as_primitive(), target, rules),
        (Int8 | Int16 | Int32 | Int64, Decimal128(precision, scale)) => {
            let array = arrow_cast(array, &Int64)?;
            let numbers = array.as_primitive::<Int64Type>();
            fitted(
                numbers.iter().map(|value| value.map(|value| Decimal::new(i128::from(value), 0))),
                *precision,
                *scale,
                rules,
            )
        }
        (Decimal128(_, from_scale), Decimal128(precision, scale)) => {
            let numbers = array.as_primitive::<Decimal128Type>();
            fitted(
                numbers.iter().map(|value| value.map(|value| Decimal::new(value, *from_scale))),
                *precision,
                *scale,
                rules,
            )
        }
        (Float32 | Float64, Decimal128(precision, scale)) => {
            let array = arrow_cast(array, &Float64)?;
            of_doubles(array.as_primitive::<Float64Type>(), *precision, *scale, rules)
        }
        (from, to) => Err(Error::internal(format!("no numbers: {from} to {to}"))),
    }
}

/// Zero is false, everything else true, NaN too.
pub(super) fn booleans(array: &ArrayRef) -> Result<ArrayRef> {
    let set: BooleanArray = match array.data_type() {
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().iter().map(|v| v.map(|v| v != 0)).collect(),
        _ => {
            let array = arrow_cast(array, &DataType::Float64)?;
            array.as_primitive::<Float64Type>().iter().map(|value| value.map(|value| value != 0.0)).collect()
        }
    };
    Ok(Arc::new(set))
}

/// Spark 4.1 `CAST_OVERFLOW`; it says no place in the query.
pub(super) fn overflow(value: &str, from: &SparkType, to: &DataType) -> Error {
    Error::new(Kind::Arithmetic, "CAST_OVERFLOW")
        .with("value", value)
        .with("sourceType", format!("\"{}\"", from.sql()))
        .with("targetType", format!("\"{}\"", SparkType::from_arrow(to).sql()))
}

/// A number as the literal Spark prints it as: `300`, `300S`, `3.0E10D`, `1.5BD`.
pub(super) fn literal(text: &str, from: &DataType) -> String {
    let suffix = match from {
        DataType::Int8 => "Y",
        DataType::Int16 => "S",
        DataType::Int64 => "L",
        DataType::Float64 if text.ends_with(|last: char| last.is_ascii_digit()) => "D",
        DataType::Decimal128(..) => "BD",
        _ => "",
    };
    format!("{text}{suffix}")
}

fn narrowed(array: &PrimitiveArray<Int64Type>, from: DataType, to: &DataType, rules: &Rules) -> Result<ArrayRef> {
    fn narrow<T: ArrowPrimitiveType>(
        array: &PrimitiveArray<Int64Type>,
        from: &DataType,
        rules: &Rules,
        checked: fn(i64) -> Option<T::Native>,
        wrapped: fn(i64) -> T::Native,
    ) -> Result<ArrayRef> {
        if rules.legacy() {
            return Ok(Arc::new(unary::<_, _, T>(array, wrapped)));
        }
        let mut error = None;
        let out: PrimitiveArray<T> = array
            .iter()
            .map(|value| {
                let value = value?;
                let narrow = checked(value);
                if narrow.is_none() && error.is_none() {
                    error = Some(value);
                }
                narrow
            })
            .collect();
        match error {
            Some(value) if rules.evaluation == super::Evaluation::Ansi => {
                let text = literal(&value.to_string(), from);
                Err(overflow(&text, &SparkType::from_arrow(from), &T::DATA_TYPE))
            }
            _ => Ok(Arc::new(out)),
        }
    }
    match to {
        DataType::Int8 => narrow::<Int8Type>(array, &from, rules, |value| value.try_into().ok(), |value| value as i8),
        DataType::Int16 => {
            narrow::<Int16Type>(array, &from, rules, |value| value.try_into().ok(), |value| value as i16)
        }
        DataType::Int32 => {
            narrow::<Int32Type>(array, &from, rules, |value| value.try_into().ok(), |value| value as i32)
        }
        _ => Ok(Arc::new(array.clone())),
    }
}

/// Towards zero. Without ANSI as Java casts: to the nearest int or long there is, and a byte or short out of the int.
fn truncated(array: &PrimitiveArray<Float64Type>, from: &DataType, to: &DataType, rules: &Rules) -> Result<ArrayRef> {
    fn into<T: ArrowPrimitiveType>(
        array: &PrimitiveArray<Float64Type>,
        from: &DataType,
        rules: &Rules,
        (least, most): (f64, f64),
        java: fn(f64) -> T::Native,
    ) -> Result<ArrayRef> {
        if rules.legacy() {
            return Ok(Arc::new(unary::<_, _, T>(array, java)));
        }
        let fits = |value: f64| value.floor() <= most && value.ceil() >= least;
        if rules.evaluation == super::Evaluation::Try {
            let out = array.iter().map(|value| value.filter(|value| fits(*value)).map(java));
            return Ok(Arc::new(out.collect::<PrimitiveArray<T>>()));
        }
        let checked = |value: f64| -> Result<T::Native> {
            if fits(value) {
                return Ok(java(value));
            }
            let text = match from {
                DataType::Float32 => double::float_text(value as f32),
                _ => double::double_text(value),
            };
            Err(overflow(&literal(&text, from), &SparkType::from_arrow(from), &T::DATA_TYPE))
        };
        let out: Result<PrimitiveArray<T>> = try_unary_ours(array, checked);
        Ok(Arc::new(out?))
    }
    match to {
        DataType::Int8 => into::<Int8Type>(array, from, rules, (-128.0, 127.0), |value| value as i32 as i8),
        DataType::Int16 => into::<Int16Type>(array, from, rules, (-32768.0, 32767.0), |value| value as i32 as i16),
        DataType::Int32 => {
            into::<Int32Type>(array, from, rules, (f64::from(i32::MIN), f64::from(i32::MAX)), |value| value as i32)
        }
        _ => into::<Int64Type>(array, from, rules, (i64::MIN as f64, i64::MAX as f64), |value| value as i64),
    }
}

/// A kernel over the values that are there, with our errors.
pub(super) fn try_unary_ours<I: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    array: &PrimitiveArray<I>,
    value: impl Fn(I::Native) -> Result<O::Native>,
) -> Result<PrimitiveArray<O>> {
    Ok(try_unary::<_, _, O>(array, |one| value(one).map_err(arrow::error::ArrowError::from))?)
}

fn unary_decimal<T: ArrowPrimitiveType>(array: &ArrayRef, value: impl Fn(Decimal) -> T::Native) -> PrimitiveArray<T> {
    let numbers: &Decimal128Array = array.as_primitive::<Decimal128Type>();
    let scale = numbers.scale();
    unary(numbers, |digits| value(Decimal::new(digits, scale)))
}

/// A decimal's whole part; without ANSI its lowest bits.
fn whole(array: &Decimal128Array, to: &DataType, rules: &Rules) -> Result<ArrayRef> {
    let from = array.data_type().clone();
    let scale = array.scale();
    let unit = decimal::power(scale.max(0) as u32).unwrap_or(1);
    let (least, most) = match to {
        DataType::Int8 => (i128::from(i8::MIN), i128::from(i8::MAX)),
        DataType::Int16 => (i128::from(i16::MIN), i128::from(i16::MAX)),
        DataType::Int32 => (i128::from(i32::MIN), i128::from(i32::MAX)),
        _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
    };
    let mut longs = Vec::with_capacity(array.len());
    for value in array {
        let Some(digits) = value else {
            longs.push(None);
            continue;
        };
        let number = digits / unit;
        if rules.legacy() {
            longs.push(Some(number as i64));
        } else if (least..=most).contains(&number) {
            longs.push(Some(number as i64));
        } else {
            longs.push(rules.refuse(|| {
                let text = literal(&Decimal::new(digits, scale).plain(), &from);
                overflow(&text, &SparkType::from_arrow(&from), to)
            })?);
        }
    }
    let longs = PrimitiveArray::<Int64Type>::from(longs);
    let wrapped: ArrayRef = match to {
        DataType::Int8 => Arc::new(unary::<_, _, Int8Type>(&longs, |value| value as i8)),
        DataType::Int16 => Arc::new(unary::<_, _, Int16Type>(&longs, |value| value as i16)),
        DataType::Int32 => Arc::new(unary::<_, _, Int32Type>(&longs, |value| value as i32)),
        _ => Arc::new(longs),
    };
    Ok(wrapped)
}

fn fitted(values: impl Iterator<Item = Option<Decimal>>, precision: u8, scale: i8, rules: &Rules) -> Result<ArrayRef> {
    let mut out = Vec::with_capacity(values.size_hint().0);
    for value in values {
        let Some(value) = value else {
            out.push(None);
            continue;
        };
        match value.fit(precision, scale) {
            Some(digits) => out.push(Some(digits)),
            None => {
                out.push(rules.refuse(|| decimal::out_of_range(&value.plain(), precision, scale).at(&rules.origin))?)
            }
        }
    }
    super::convert::decimals(out, precision, scale)
}

/// A double through its text, as Java's `BigDecimal.valueOf`; NaN and the infinities are NULL in every mode.
fn of_doubles(array: &PrimitiveArray<Float64Type>, precision: u8, scale: i8, rules: &Rules) -> Result<ArrayRef> {
    let mut out = Vec::with_capacity(array.len());
    let mut text = String::new();
    for value in array {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            out.push(None);
            continue;
        };
        text.clear();
        double::write_double(value, &mut text);
        let digits = decimal::read(&text).and_then(|number| number.fit(precision, scale));
        match digits {
            Some(digits) => out.push(Some(digits)),
            None => out.push(rules.refuse(|| {
                let plain = decimal::read(&text).map(|number| number.plain()).unwrap_or_else(|| text.clone());
                decimal::out_of_range(&plain, precision, scale).at(&rules.origin)
            })?),
        }
    }
    super::convert::decimals(out, precision, scale)
}
