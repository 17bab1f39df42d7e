//! One number or interval in, one of the same type out: `-`, `abs`.

use arrow::array::{AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
    IntervalYearMonthType,
};
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_number::{arithmetic_overflow, type_name};
use crate::rows::any;
use crate::{Arguments, Call, Kernel, Typed, coerce};

/// What a unary operation does with each kind of number; whole numbers say whether they overflowed.
pub(crate) trait Unary: Copy + Send + Sync + 'static {
    fn long(self, value: i64) -> (i64, bool);
    fn int(self, value: i32) -> (i32, bool);
    fn short(self, value: i16) -> (i16, bool);
    fn byte(self, value: i8) -> (i8, bool);
    fn double(self, value: f64) -> f64;
    fn float(self, value: f32) -> f32;
    fn decimal(self, value: i128) -> i128;
}

/// The operation on a numeric or interval operand.
pub(crate) fn operate(call: &Call<'_>, value: Typed, operation: impl Unary) -> Typed {
    let data_type = value.data_type.clone();
    let raises_always = coerce::is_interval(&data_type);
    let checks = raises_always || (call.context.ansi && coerce::is_integral(&data_type));
    let (nullable, written) = (value.nullable, value.written.clone());
    let key = format!("{data_type} {checks}");
    let target = data_type.clone();
    let kernel = Kernel::new(call.name, key, data_type, nullable, move |arguments| match &target {
        DataType::Int8 => each::<Int8Type>(arguments, checks, &target, |value| operation.byte(value)),
        DataType::Int16 => each::<Int16Type>(arguments, checks, &target, |value| operation.short(value)),
        DataType::Int32 => each::<Int32Type>(arguments, checks, &target, |value| operation.int(value)),
        DataType::Int64 => each::<Int64Type>(arguments, checks, &target, |value| operation.long(value)),
        DataType::Float32 => each::<Float32Type>(arguments, false, &target, |value| (operation.float(value), false)),
        DataType::Float64 => each::<Float64Type>(arguments, false, &target, |value| (operation.double(value), false)),
        DataType::Decimal128(..) => {
            each::<Decimal128Type>(arguments, false, &target, |value| (operation.decimal(value), false))
        }
        DataType::Duration(_) => {
            each::<DurationMicrosecondType>(arguments, checks, &target, |value| operation.long(value))
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            each::<IntervalYearMonthType>(arguments, checks, &target, |value| operation.int(value))
        }
        _ => each::<IntervalMonthDayNanoType>(arguments, checks, &target, |value| {
            let (months, a) = operation.int(value.months);
            let (days, b) = operation.int(value.days);
            let (nanos, c) = operation.long(value.nanoseconds);
            (IntervalMonthDayNano::new(months, days, nanos), a || b || c)
        }),
    });
    // Spark says no place for these overflows.
    let kernel = if checks { kernel.fallible() } else { kernel };
    kernel.call(vec![value]).with_written(written)
}

fn each<T: ArrowPrimitiveType>(
    arguments: &Arguments<'_>,
    checks: bool,
    data_type: &DataType,
    operation: impl Fn(T::Native) -> (T::Native, bool),
) -> Result<ColumnarValue> {
    let argument = any(arguments, 0)?;
    let array: &PrimitiveArray<T> = argument.array.as_primitive();
    let failed = std::cell::Cell::new(false);
    let out = array.unary::<_, T>(|value| {
        let (value, overflowed) = operation(value);
        failed.set(failed.get() | overflowed);
        value
    });
    // What stands behind a NULL does not count.
    if checks && failed.get() && array.iter().flatten().any(|value| operation(value).1) {
        return Err(match data_type {
            DataType::Duration(_) | DataType::Interval(_) => Error::message(
                Kind::Arithmetic,
                if matches!(data_type, DataType::Interval(IntervalUnit::YearMonth)) {
                    "integer overflow"
                } else {
                    "long overflow"
                },
            ),
            _ => arithmetic_overflow(&format!("{} overflow", type_name(data_type)), ""),
        });
    }
    let out = out.with_data_type(data_type.clone());
    if argument.constant {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&out, 0)?));
    }
    Ok(ColumnarValue::Array(std::sync::Arc::new(out)))
}
