//! `pmod`: the remainder that is never negative where the divisor is positive.

use arrow::datatypes::{DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use floe_base::Result;

use super::_number::{Failure, Overflow, failing, remainder_by_zero};
use super::{_decimal, _operands};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("pmod", bind).usage("pmod(expr1, expr2) - Returns the positive value of `expr1` mod `expr2`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    let overflow = Overflow::of(call, false);
    let (left, right) = _operands::numbers(call, left, right)?;
    macro_rules! of {
        ($data_type:ty, $zero:expr, $rem:expr, $add:expr) => {
            failing::<$data_type, $data_type>(
                call,
                (left, right),
                overflow,
                |a, b| {
                    if b == $zero {
                        return Err(Failure::RemainderByZero);
                    }
                    let rest = $rem(a, b);
                    Ok(if rest < $zero { $rem($add(rest, b), b) } else { rest })
                },
                |_| remainder_by_zero(),
            )
        };
    }
    Ok(match left.data_type {
        DataType::Int8 => of!(Int8Type, 0, i8::wrapping_rem, i8::wrapping_add),
        DataType::Int16 => of!(Int16Type, 0, i16::wrapping_rem, i16::wrapping_add),
        DataType::Int32 => of!(Int32Type, 0, i32::wrapping_rem, i32::wrapping_add),
        DataType::Int64 => of!(Int64Type, 0, i64::wrapping_rem, i64::wrapping_add),
        DataType::Float32 => of!(Float32Type, 0.0, |a: f32, b: f32| a % b, |a: f32, b: f32| a + b),
        DataType::Float64 => of!(Float64Type, 0.0, |a: f64, b: f64| a % b, |a: f64, b: f64| a + b),
        _ => return _decimal::operate(call, _decimal::Operation::Modulo, left, right, overflow),
    })
}
