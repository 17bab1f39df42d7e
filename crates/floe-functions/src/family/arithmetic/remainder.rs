//! `%`, `mod` and `try_mod`: the remainder, with the sign of the dividend.

use arrow::datatypes::{DataType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use floe_base::Result;
use floe_base::id::BackendId;

use super::_number::{Failure, Overflow, failing, in_duckdb, remainder_by_zero};
use super::{_decimal, _operands};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("%", bind)
        .aliases(&["mod"])
        .usage("expr1 % expr2, or mod(expr1, expr2) - Returns the remainder after `expr1`/`expr2`."),
    Function::scalar("try_mod", bind).usage(
        "try_mod(dividend, divisor) - Returns the remainder after `expr1`/`expr2`. Its result is always null if `expr2` \
         is 0.",
    ),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    let overflow = Overflow::of(call, call.name == "try_mod");
    let (left, right) = _operands::numbers(call, left, right)?;
    macro_rules! whole {
        ($data_type:ty) => {
            failing::<$data_type, $data_type>(
                call,
                (left, right),
                overflow,
                |a, b| if b == 0 { Err(Failure::RemainderByZero) } else { Ok(a.wrapping_rem(b)) },
                |_| remainder_by_zero(),
            )
        };
    }
    macro_rules! floating {
        ($data_type:ty) => {
            failing::<$data_type, $data_type>(
                call,
                (left, right),
                overflow,
                |a, b| if b == 0.0 { Err(Failure::RemainderByZero) } else { Ok(a % b) },
                |_| remainder_by_zero(),
            )
        };
    }
    let spelling = in_duckdb("%", overflow, &right);
    let rest = match left.data_type {
        DataType::Int8 => whole!(Int8Type),
        DataType::Int16 => whole!(Int16Type),
        DataType::Int32 => whole!(Int32Type),
        DataType::Int64 => whole!(Int64Type),
        DataType::Float32 => floating!(Float32Type),
        DataType::Float64 => floating!(Float64Type),
        _ => return _decimal::operate(call, _decimal::Operation::Remainder, left, right, overflow),
    };
    Ok(rest.spelled(BackendId::DuckDb, spelling))
}
