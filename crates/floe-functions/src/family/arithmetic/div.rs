//! `div`: the whole quotient of two numbers or two intervals, a long.

use arrow::datatypes::{DataType, DurationMicrosecondType, Int64Type, IntervalUnit, IntervalYearMonthType};
use floe_base::error::Kind;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use super::_number::{Failure, Overflow, arithmetic_overflow, division_by_zero, failing, in_duckdb};
use super::{_decimal, _operands};
use crate::cast::cast;
use crate::{Call, Function, Typed, coerce};

const TAKES: &str = "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")";

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("div", bind)
    .usage("expr1 div expr2 - Divide `expr1` by `expr2`. It returns NULL if an operand is NULL or `expr2` is 0.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    let overflow = Overflow::of(call, false);
    let long = |value: Typed| match &value.data_type {
        from if coerce::is_integral(from) => {
            cast(value, &DataType::Int64, CastMode::Session, call.context, call.origin)
        }
        _ => Ok(value),
    };
    if left.data_type == DataType::Null && right.data_type == DataType::Null {
        return Ok(Typed::null(&DataType::Int64));
    }
    let given = (left.clone(), right.clone());
    let (left, right) = _operands::alike(call, long(left)?, long(right)?, TAKES)?;
    let (left, right) = (long(left)?, long(right)?);
    match &left.data_type {
        DataType::Int64 => {
            let spelling = in_duckdb("//", overflow, &right);
            let quotient = failing::<Int64Type, Int64Type>(call, (left, right), overflow, whole(overflow), error);
            Ok(quotient.spelled(BackendId::DuckDb, spelling))
        }
        DataType::Decimal128(..) => Ok(_decimal::whole_quotient(call, left, right, overflow)),
        // Intervals raise for zero in every mode.
        DataType::Duration(_) => {
            let operands = (left, right);
            Ok(failing::<DurationMicrosecondType, Int64Type>(call, operands, Overflow::Raise, exact, interval_error))
        }
        DataType::Interval(IntervalUnit::YearMonth) => {
            let divide = |a: i32, b: i32| exact(i64::from(a), i64::from(b));
            let operands = (left, right);
            Ok(failing::<IntervalYearMonthType, Int64Type>(call, operands, Overflow::Raise, divide, interval_error))
        }
        _ => Err(_operands::refused(call, &given, &left, TAKES)),
    }
}

fn whole(overflow: Overflow) -> impl Fn(i64, i64) -> Result<i64, Failure> {
    move |a, b| match overflow {
        Overflow::Wrap if b != 0 => Ok(a.wrapping_div(b)),
        _ => exact(a, b),
    }
}

fn exact(a: i64, b: i64) -> Result<i64, Failure> {
    if b == 0 {
        return Err(Failure::DivisionByZero);
    }
    a.checked_div(b).ok_or(Failure::Overflow)
}

fn error(failure: Failure) -> Error {
    match failure {
        Failure::Overflow => arithmetic_overflow("Overflow in integral divide", "try_divide"),
        _ => division_by_zero(),
    }
}

fn interval_error(failure: Failure) -> Error {
    match failure {
        Failure::Overflow => arithmetic_overflow("Overflow in integral divide", "try_divide"),
        _ => Error::new(Kind::Arithmetic, "INTERVAL_DIVIDED_BY_ZERO"),
    }
}
