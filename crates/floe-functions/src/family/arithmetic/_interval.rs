//! An interval times or over a number.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, IntervalMonthDayNano,
    IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
};
use datafusion::logical_expr::ColumnarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use super::_number::Overflow;
use super::_time::{all_fields, interval_overflow};
use crate::cast::cast;
use crate::cast::decimal::Decimal;
use crate::rows::{any, count, finish};
use crate::{Arguments, Call, Kernel, Typed, coerce};

/// `interval * number` or `interval / number`.
pub(crate) fn scale(
    call: &Call<'_>,
    interval: Typed,
    number: Typed,
    divides: bool,
    overflow: Overflow,
) -> Result<Typed> {
    let data_type = interval.data_type.clone();
    let number = match &number.data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64
            if coerce::is_ansi_interval(&data_type) =>
        {
            cast(number, &DataType::Int64, CastMode::Session, call.context, call.origin)?
        }
        DataType::Decimal128(..) if coerce::is_ansi_interval(&data_type) => number,
        other if coerce::is_numeric(other) || matches!(other, DataType::Null | DataType::Utf8) => {
            cast(number, &DataType::Float64, CastMode::Session, call.context, call.origin)?
        }
        _ => return Err(super::_operands::different(call, &interval, &number)),
    };
    let tries = overflow == Overflow::Null;
    let calendar = !coerce::is_ansi_interval(&data_type);
    // A calendar interval that overflows is NULL without ANSI, the others raise in every mode.
    let null = tries || (calendar && !call.context.ansi);
    let nullable = interval.nullable || number.nullable || null;
    let key = format!("{data_type} {} {divides} {null}", number.data_type);
    let target = data_type.clone();
    let origin = call.origin.clone();
    let kernel = Kernel::new(call.name, key, data_type.clone(), nullable, move |arguments| {
        let zero = || Error::new(Kind::Arithmetic, "INTERVAL_DIVIDED_BY_ZERO").at(&origin);
        scaled(arguments, &target, divides, null, &zero)
    });
    let kernel = if null { kernel } else { kernel.fallible() };
    Ok(kernel.call(vec![interval, number]).with_written(all_fields(&data_type)))
}

/// The number of a row, of whichever type.
enum Number<'a> {
    Whole(&'a arrow::array::Int64Array),
    Decimal(&'a arrow::array::Decimal128Array),
    Double(&'a arrow::array::Float64Array),
}

enum Failure {
    Zero,
    Overflow,
    Bare(String),
}

fn scaled(
    arguments: &Arguments<'_>,
    data_type: &DataType,
    divides: bool,
    null: bool,
    zero: &dyn Fn() -> Error,
) -> Result<ColumnarValue> {
    let (intervals, numbers) = (any(arguments, 0)?, any(arguments, 1)?);
    let number = match numbers.array.data_type() {
        DataType::Int64 => Number::Whole(numbers.array.as_primitive::<Int64Type>()),
        DataType::Decimal128(..) => Number::Decimal(numbers.array.as_primitive::<Decimal128Type>()),
        _ => Number::Double(numbers.array.as_primitive::<Float64Type>()),
    };
    let both = |row: usize| -> Option<(usize, usize)> {
        let (left, right) = (intervals.place(row), numbers.place(row));
        (intervals.array.is_valid(left) && numbers.array.is_valid(right)).then_some((left, right))
    };
    let refuse = |failure: Failure| match failure {
        _ if null => Ok(()),
        Failure::Zero => Err(zero()),
        Failure::Overflow => Err(interval_overflow(if divides { "try_divide" } else { "try_multiply" })),
        Failure::Bare(text) => Err(Error::message(Kind::Arithmetic, text)),
    };
    let rows = count(arguments);
    macro_rules! each {
        ($data_type:ty, $one:expr) => {{
            let values = intervals.array.as_primitive::<$data_type>();
            let mut out = arrow::array::PrimitiveBuilder::<$data_type>::with_capacity(rows);
            for row in 0..rows {
                let value = match both(row) {
                    Some((left, right)) => match $one(values.value(left), right) {
                        Ok(value) => Some(value),
                        Err(failure) => {
                            refuse(failure)?;
                            None
                        }
                    },
                    None => None,
                };
                out.append_option(value);
            }
            std::sync::Arc::new(out.finish()) as ArrayRef
        }};
    }
    let array = match data_type {
        DataType::Duration(_) => each!(DurationMicrosecondType, |micros: i64, at| length(micros, &number, at, divides)),
        DataType::Interval(IntervalUnit::YearMonth) => each!(IntervalYearMonthType, |months: i32, at| {
            let scaled = length(i64::from(months), &number, at, divides)?;
            i32::try_from(scaled).map_err(|_| match number {
                Number::Whole(_) if !divides => Failure::Overflow,
                Number::Double(ref numbers) => {
                    Failure::Bare(out_of_range(f64::from(months), numbers.value(at), divides))
                }
                _ => Failure::Overflow,
            })
        }),
        _ => each!(IntervalMonthDayNanoType, |value, at| calendar(value, &number, at, divides)),
    };
    finish(arguments, array)
}

/// Months or microseconds, scaled and rounded half up.
fn length(value: i64, number: &Number<'_>, at: usize, divides: bool) -> Result<i64, Failure> {
    match number {
        Number::Whole(numbers) => match (numbers.value(at), divides) {
            (0, true) => Err(Failure::Zero),
            (-1, true) => value.checked_neg().ok_or(Failure::Overflow),
            (number, true) => {
                let (a, b) = (i128::from(value), i128::from(number));
                Ok(crate::cast::decimal::narrow_divide_half_up(a * b.signum(), b.abs()) as i64)
            }
            (number, false) => value.checked_mul(number).ok_or_else(|| Failure::Bare("long overflow".into())),
        },
        Number::Decimal(numbers) => {
            let digits = numbers.value(at);
            let scale = numbers.scale();
            let exact = match divides {
                true if digits == 0 => return Err(Failure::Zero),
                true => {
                    // value / (digits / 10^scale), rounded once.
                    let unit = crate::cast::decimal::power(scale.max(0) as u32).unwrap_or(1);
                    let dividend = num_bigint::BigInt::from(value) * unit;
                    crate::cast::decimal::divide_exactly(&dividend, &num_bigint::BigInt::from(digits))
                }
                false => Decimal::new(digits, scale).times(i128::from(value)),
            };
            exact.and_then(|exact| i64::try_from(exact).ok()).ok_or_else(|| Failure::Bare("Overflow".into()))
        }
        Number::Double(numbers) => {
            let number = numbers.value(at);
            if divides && number == 0.0 {
                return Err(Failure::Zero);
            }
            let exact = if divides { value as f64 / number } else { value as f64 * number };
            if exact.is_nan() || exact.abs() >= 9.223_372_036_854_775_8e18 {
                return Err(Failure::Bare(out_of_range(value as f64, number, divides)));
            }
            Ok(exact.round() as i64)
        }
    }
}

/// What Java's rounding says of a double that is no long.
fn out_of_range(value: f64, number: f64, divides: bool) -> String {
    let exact = if divides { value / number } else { value * number };
    if !exact.is_finite() {
        return "input is infinite or NaN".into();
    }
    let text = crate::cast::double::double_text(exact);
    format!("rounded value is out of range for input {text} and rounding mode HALF_UP")
}

/// Each part on its own; fractions of days go on into the microseconds, those of months are dropped.
fn calendar(
    value: IntervalMonthDayNano,
    number: &Number<'_>,
    at: usize,
    divides: bool,
) -> Result<IntervalMonthDayNano, Failure> {
    let Number::Double(numbers) = number else { return Err(Failure::Overflow) };
    let number = numbers.value(at);
    if divides && number == 0.0 {
        return Err(Failure::Zero);
    }
    let scale = |part: f64| if divides { part / number } else { part * number };
    let months = scale(f64::from(value.months));
    let days = scale(f64::from(value.days));
    let micros = scale((value.nanoseconds / 1000) as f64) + 86_400_000_000.0 * (days - days.trunc());
    let fits = |part: f64| part.abs() <= f64::from(i32::MAX);
    if !fits(months) || !fits(days) || micros.abs() >= 9.2e15 {
        return Err(Failure::Overflow);
    }
    let micros = (micros + 0.5).floor() as i64;
    Ok(IntervalMonthDayNano::new(months as i32, days as i32, micros * 1000))
}
