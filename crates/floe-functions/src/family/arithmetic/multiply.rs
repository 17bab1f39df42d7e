//! `*` and `try_multiply`: the product of two numbers, or of a number and an interval.

use floe_base::Result;

use super::_number::{Overflow, Sign, checked, is_floating, native};
use super::{_decimal, _interval, _operands};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("*", bind).usage("expr1 * expr2 - Returns `expr1`*`expr2`."),
    Function::scalar("try_multiply", bind)
        .usage("try_multiply(expr1, expr2) - Returns `expr1`*`expr2` and the result is null on overflow."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    let tries = call.name == "try_multiply";
    let overflow = Overflow::of(call, tries);
    match (coerce::is_interval(&left.data_type), coerce::is_interval(&right.data_type)) {
        (true, false) => return _interval::scale(call, left, right, false, overflow),
        (false, true) => return _interval::scale(call, right, left, false, overflow),
        _ => {}
    }
    let (left, right) = _operands::numbers(call, left, right)?;
    if coerce::is_decimal(&left.data_type) {
        return _decimal::operate(call, _decimal::Operation::Times, left, right, overflow);
    }
    if is_floating(&left.data_type) {
        return Ok(native(left, Sign::Times.operator(), right).or_null_if(tries));
    }
    Ok(checked(call, Sign::Times, left, right, overflow))
}
