//! `/` and `try_divide`: the quotient, a double unless both are decimals; of an interval and a number an interval.

use arrow::datatypes::{DataType, Float64Type};
use floe_base::Result;
use floe_base::id::BackendId;
use floe_syntax::expression::CastMode;

use super::_number::{Failure, Overflow, division_by_zero, failing, in_duckdb};
use super::{_decimal, _interval, _operands};
use crate::cast::cast;
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("/", bind)
        .usage("expr1 / expr2 - Returns `expr1`/`expr2`. It always performs floating point division."),
    Function::scalar("try_divide", bind).usage(
        "try_divide(dividend, divisor) - Returns `dividend`/`divisor`. It always performs floating point division. Its \
         result is always null if `expr2` is 0.",
    ),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    let overflow = Overflow::of(call, call.name == "try_divide");
    if coerce::is_interval(&left.data_type) {
        return _interval::scale(call, left, right, true, overflow);
    }
    // NULL divided by a decimal is a double (Spark 4.1 `Division`).
    let left = match left.data_type {
        DataType::Null if coerce::is_decimal(&right.data_type) => Typed::null(&DataType::Float64),
        _ => left,
    };
    let (left, right) = _operands::numbers(call, left, right)?;
    if coerce::is_decimal(&left.data_type) {
        return _decimal::operate(call, _decimal::Operation::Over, left, right, overflow);
    }
    let double = |value| cast(value, &DataType::Float64, CastMode::Session, call.context, call.origin);
    let operands = (double(left)?, double(right)?);
    let divide = |a: f64, b: f64| if b == 0.0 { Err(Failure::DivisionByZero) } else { Ok(a / b) };
    let spelling = in_duckdb("/", overflow, &operands.1);
    let quotient = failing::<Float64Type, Float64Type>(call, operands, overflow, divide, |_| division_by_zero());
    Ok(quotient.spelled(BackendId::DuckDb, spelling))
}
