//! `+` and `try_add`: the sum of two numbers, intervals, or a date or time and an interval.

use floe_base::Result;

use super::_number::{Overflow, Sign, checked, is_floating, native};
use super::{_decimal, _operands, _time};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("+", bind).usage("expr1 + expr2 - Returns `expr1`+`expr2`."),
    Function::scalar("try_add", bind)
        .usage("try_add(expr1, expr2) - Returns the sum of `expr1`and `expr2` and the result is null on overflow."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    let tries = call.name == "try_add";
    let overflow = Overflow::of(call, tries);
    if let Some(found) = _time::resolve(call, &left, &right, false, overflow) {
        return found;
    }
    let (left, right) = _operands::alike(call, left, right, _operands::NUMBERS_AND_INTERVALS)?;
    if coerce::is_decimal(&left.data_type) {
        return _decimal::operate(call, _decimal::Operation::Plus, left, right, overflow);
    }
    if is_floating(&left.data_type) {
        return Ok(native(left, Sign::Plus.operator(), right).or_null_if(tries));
    }
    Ok(checked(call, Sign::Plus, left, right, overflow))
}
