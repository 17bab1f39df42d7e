//! Arithmetic on decimals: the type of the result, and a result that does not fit it.
//!
//! The digits are exact up to the last step, where they are rounded half up to the result's scale; so Spark has it
//! (`DecimalPrecision`, `Decimal.toPrecision`), save that a quotient is first cut at 38 places.

use arrow::datatypes::{DataType, Decimal128Type, Int64Type, i256};
use datafusion::logical_expr::Operator;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use num_bigint::BigInt;

use super::_number::{Failure, Overflow, Pair, division_by_zero, harmless, native, remainder_by_zero};
use crate::cast::decimal::{self, Decimal};
use crate::spelling::is_narrow;
use crate::{Call, Kernel, Typed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Plus,
    Minus,
    Times,
    Over,
    Remainder,
    /// The remainder with the sign of the divisor.
    Modulo,
}

type Size = (u8, i8);

/// Precision and scale before they are cut to 38 digits.
fn exact(operation: Operation, (p1, s1): Size, (p2, s2): Size, keeps_whole: bool) -> (i32, i32) {
    let (p1, s1, p2, s2) = (i32::from(p1), i32::from(s1), i32::from(p2), i32::from(s2));
    let scale = s1.max(s2);
    match operation {
        Operation::Plus | Operation::Minus => ((p1 - s1).max(p2 - s2) + scale + 1, scale),
        Operation::Times => (p1 + p2 + 1, s1 + s2),
        Operation::Over if keeps_whole => {
            let scale = (s1 + p2 + 1).max(6);
            (p1 - s1 + s2 + scale, scale)
        }
        Operation::Over => {
            let whole = (p1 - s1 + s2).min(38);
            let fraction = (s1 + p2 + 1).max(6).min(38);
            let excess = whole + fraction - 38;
            if excess > 0 {
                let fraction = fraction - excess / 2 - 1;
                (38, fraction)
            } else {
                (whole + fraction, fraction)
            }
        }
        Operation::Remainder | Operation::Modulo => ((p1 - s1).min(p2 - s2) + scale, scale),
    }
}

/// The result's type; `keeps_whole` is `spark.sql.decimalOperations.allowPrecisionLoss`: digits of the fraction give way
/// to those of the whole, down to six.
fn result_type(operation: Operation, left: Size, right: Size, keeps_whole: bool) -> Size {
    let (precision, scale) = exact(operation, left, right, keeps_whole);
    if precision <= 38 {
        return (precision as u8, scale as i8);
    }
    if !keeps_whole {
        return (38, scale.min(38) as i8);
    }
    let least = scale.min(6);
    (38, (38 - (precision - scale)).max(least) as i8)
}

fn size(value: &Typed) -> Size {
    match value.data_type {
        DataType::Decimal128(precision, scale) => (precision, scale),
        _ => (38, 0),
    }
}

/// The operation on two decimals.
pub(crate) fn operate(
    call: &Call<'_>,
    operation: Operation,
    left: Typed,
    right: Typed,
    overflow: Overflow,
) -> Result<Typed> {
    let keeps_whole = call.context.conf("spark.sql.decimalOperations.allowPrecisionLoss", "true") != "false";
    let (left_size, right_size) = (size(&left), size(&right));
    let (precision, scale) = result_type(operation, left_size, right_size, keeps_whole);
    let data_type = DataType::Decimal128(precision, scale);
    let divides = !matches!(operation, Operation::Plus | Operation::Minus | Operation::Times);
    let fits = exact(operation, left_size, right_size, keeps_whole) == (i32::from(precision), i32::from(scale))
        && exact(operation, left_size, right_size, keeps_whole).0 <= 38;
    let nullable = left.nullable || right.nullable || overflow != Overflow::Raise || divides;
    let operator = match operation {
        Operation::Plus => Some(Operator::Plus),
        Operation::Minus => Some(Operator::Minus),
        Operation::Times => Some(Operator::Multiply),
        _ => None,
    };
    // Where every result fits, the engine's own operator has the same type and the same digits.
    if let Some(operator) = operator.filter(|_| fits) {
        return Ok(Typed { data_type, nullable, ..native(left, operator, right) });
    }
    let raises = overflow == Overflow::Raise && !(divides && fits && nonzero(&right));
    let factor = if operation == Operation::Over && fits { factor(&right, left_size.1, scale) } else { None };
    let key = format!("{operation:?} {left_size:?} {right_size:?} {overflow:?} {factor:?}");
    let target = data_type.clone();
    let kernel = Kernel::new(call.name, key, data_type, nullable, move |arguments| {
        let pair = Pair::<Decimal128Type>::of(arguments)?;
        let compute = |a: i128, b| match factor.and_then(|factor| a.checked_mul(factor)) {
            Some(digits) => Ok(Outcome::Digits(digits)),
            None => computed(operation, Decimal::new(a, left_size.1), Decimal::new(b, right_size.1), scale),
        };
        pair.each::<Decimal128Type>(
            arguments,
            overflow,
            &target,
            |a, b| match compute(a, b)? {
                Outcome::Digits(digits) if decimal::digits_fit(digits, precision) => Ok(digits),
                Outcome::Wide(number) => number.fit(precision, scale).ok_or(Failure::Decimal(number)),
                Outcome::Digits(digits) => Err(Failure::Decimal(Decimal::new(digits, scale))),
            },
            |failure| error(failure, precision, scale),
        )
    });
    let kernel = kernel.at(call.origin);
    let kernel = if raises { kernel.fallible() } else { kernel };
    let kernel = match in_duckdb(operation, left_size, right_size, (precision, scale), factor) {
        Some((wide, narrow)) => kernel.spelled_narrow(BackendId::DuckDb, wide, narrow),
        None => kernel,
    };
    Ok(kernel.call(vec![left, right]))
}

/// What a number's digits are multiplied by for its quotient at the result's scale, where the divisor is a constant and
/// one over it ends: of 2 it is 0.5. Products are many times as fast as quotients, and DuckDB has them.
fn factor(divisor: &Typed, left_scale: i8, scale: i8) -> Option<i128> {
    use datafusion::scalar::ScalarValue;
    let Some(ScalarValue::Decimal128(Some(digits), _, right_scale)) = divisor.literal() else { return None };
    let one = decimal::power(u32::try_from(i32::from(scale) - i32::from(left_scale) + i32::from(*right_scale)).ok()?)?;
    (*digits != 0 && one % digits == 0).then(|| one / digits)
}

/// The product with such a factor, whose places are those that the result has beyond the number's.
fn product_in_duckdb(factor: i128, (p1, s1): Size, (precision, scale): Size) -> Option<String> {
    let places = scale - s1;
    let width = factor.unsigned_abs().checked_ilog10()? as u8 + 1;
    let width = width.max(u8::try_from(places).ok()?);
    let factor = Decimal::new(factor, places).plain();
    // DuckDB would multiply in 64 bits what may need more, and raise.
    let p1 = if p1 + width > 18 { p1.max(19) } else { p1 };
    let number = format!("CAST({{0}} AS DECIMAL({p1}, {s1}))");
    let factor = format!("CAST('{factor}' AS DECIMAL({width}, {places}))");
    (p1 + width <= 38).then(|| format!("CAST(({number} * {factor}) AS DECIMAL({precision}, {scale}))"))
}

/// Sums and products that keep all digits of their fraction, and quotients that are products: DuckDB has those in 128 bits,
/// and raises where they are too few. Sums and products of narrow operands it has in 64 bits too.
fn in_duckdb(
    operation: Operation,
    left: Size,
    right: Size,
    (precision, scale): Size,
    factor: Option<i128>,
) -> Option<(String, Option<String>)> {
    let to = format!("DECIMAL({precision}, {scale})");
    let (symbol, wide) = match operation {
        Operation::Plus if left.1.max(right.1) == scale => ("+", format!("CAST({{0}} AS {to}) + CAST({{1}} AS {to})")),
        Operation::Minus if left.1.max(right.1) == scale => ("-", format!("CAST({{0}} AS {to}) - CAST({{1}} AS {to})")),
        Operation::Times if left.1 + right.1 == scale => {
            ("*", format!("CAST({{0}} AS DECIMAL({}, {})) * {{1}}", left.0.max(19), left.1))
        }
        Operation::Over => return Some((product_in_duckdb(factor?, left, (precision, scale))?, None)),
        _ => return None,
    };
    let narrow = is_narrow(scale).then(|| format!("({{0}} {symbol} {{1}})"));
    Some((format!("CAST(({wide}) AS {to})"), narrow))
}

/// `div` on decimals: the whole quotient, its lowest 64 bits.
pub(crate) fn whole_quotient(call: &Call<'_>, left: Typed, right: Typed, overflow: Overflow) -> Typed {
    let (left_scale, right_scale) = (size(&left).1, size(&right).1);
    let raises = overflow == Overflow::Raise && !nonzero(&right);
    let key = format!("decimals {left_scale} {right_scale} {overflow:?}");
    let kernel = Kernel::new(call.name, key, DataType::Int64, true, move |arguments| {
        let pair = Pair::<Decimal128Type>::of(arguments)?;
        pair.each::<Int64Type>(
            arguments,
            overflow,
            &DataType::Int64,
            |a, b| {
                if b == 0 {
                    return Err(Failure::DivisionByZero);
                }
                let (a, b) = (Decimal::new(a, left_scale), Decimal::new(b, right_scale));
                let scale = left_scale.max(right_scale);
                let (Some(a), Some(b)) = (a.digits_at(i32::from(scale)), b.digits_at(i32::from(scale))) else {
                    return Err(Failure::Overflow);
                };
                Ok(a.wrapping_div(b).as_i128() as i64)
            },
            |failure| error(failure, 38, 0),
        )
    });
    let kernel = kernel.at(call.origin);
    let kernel = if raises { kernel.fallible() } else { kernel };
    kernel.call(vec![left, right])
}

/// The engine takes literals for what they are; the sign of a decimal one is enough here.
fn nonzero(divisor: &Typed) -> bool {
    use datafusion::scalar::ScalarValue;
    harmless(divisor) || matches!(divisor.literal(), Some(ScalarValue::Decimal128(Some(digits), ..)) if *digits != 0)
}

pub(crate) fn error(failure: Failure, precision: u8, scale: i8) -> Error {
    match failure {
        Failure::Decimal(number) => decimal::out_of_range(&number.plain(), precision, scale),
        Failure::RemainderByZero => remainder_by_zero(),
        Failure::DivisionByZero => division_by_zero(),
        Failure::Overflow => super::_number::arithmetic_overflow("Overflow in integral divide", "try_divide"),
    }
}

enum Outcome {
    /// At the result's scale already.
    Digits(i128),
    Wide(Decimal),
}

fn computed(operation: Operation, left: Decimal, right: Decimal, scale: i8) -> Result<Outcome, Failure> {
    match operation {
        Operation::Plus | Operation::Minus | Operation::Remainder | Operation::Modulo => {
            let common = left.scale().max(right.scale());
            let (Some(a), Some(b)) = (left.digits_at(common), right.digits_at(common)) else {
                return Err(Failure::Overflow);
            };
            let digits = match operation {
                Operation::Plus => a.wrapping_add(b),
                Operation::Minus => a.wrapping_sub(b),
                _ if b == i256::ZERO => return Err(Failure::RemainderByZero),
                Operation::Modulo => {
                    let rest = a.wrapping_rem(b);
                    if rest.is_negative() { rest.wrapping_add(b).wrapping_rem(b) } else { rest }
                }
                _ => a.wrapping_rem(b),
            };
            Ok(Outcome::Wide(Decimal::wide(digits, common)))
        }
        Operation::Times => {
            let digits = left.digits().wrapping_mul(right.digits());
            Ok(Outcome::Wide(Decimal::wide(digits, left.scale() + right.scale())))
        }
        Operation::Over => quotient(left, right, i32::from(scale)),
    }
}

fn quotient(left: Decimal, right: Decimal, scale: i32) -> Result<Outcome, Failure> {
    if right.digits() == i256::ZERO {
        return Err(Failure::DivisionByZero);
    }
    let shift = scale - left.scale() + right.scale();
    let (up, down) = (shift.max(0) as u32, (-shift).max(0) as u32);
    // Most quotients are of numbers an i128 holds, scaled.
    if let (Some(a), Some(b)) = (left.digits().to_i128(), right.digits().to_i128())
        && let (Some(up), Some(down)) = (decimal::power(up), decimal::power(down))
        && let (Some(a), Some(b)) = (a.checked_mul(up), b.checked_mul(down))
    {
        let rounded = decimal::narrow_divide_half_up(a * b.signum(), b.abs());
        return Ok(Outcome::Digits(if scale == 38 { a / b } else { rounded }));
    }
    let big = |digits: i256| BigInt::from_signed_bytes_le(&digits.to_le_bytes());
    let (a, b) = (big(left.digits()) * BigInt::from(10).pow(up), big(right.digits()) * BigInt::from(10).pow(down));
    match decimal::divide_exactly(&a, &b) {
        Some(digits) => Ok(Outcome::Digits(digits)),
        None => {
            let whole = (&a / &b).to_string();
            let number = decimal::read(&format!("{whole}e-{scale}"));
            Err(number.map_or(Failure::Overflow, Failure::Decimal))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sparks() {
        let of = |operation, left, right| result_type(operation, left, right, true);
        assert_eq!(of(Operation::Times, (20, 10), (20, 10)), (38, 17));
        assert_eq!(of(Operation::Over, (38, 18), (38, 18)), (38, 6));
        assert_eq!(of(Operation::Over, (10, 2), (10, 2)), (23, 13));
        assert_eq!(of(Operation::Plus, (38, 10), (38, 20)), (38, 9));
        assert_eq!(of(Operation::Remainder, (10, 2), (5, 3)), (5, 3));
    }

    #[test]
    fn a_quotient_by_a_constant_that_divides_a_power_of_ten_is_a_product() {
        use datafusion::scalar::ScalarValue;
        let constant = |digits, scale| Typed::constant(ScalarValue::Decimal128(Some(digits), 4, scale));
        assert_eq!(factor(&constant(2, 0), 2, 6), Some(5_000));
        assert_eq!(factor(&constant(-25, 1), 2, 6), Some(-4_000));
        assert_eq!(factor(&constant(7, 0), 2, 6), None);
        assert_eq!(factor(&constant(0, 0), 2, 6), None);
        // 128 takes seven places.
        assert_eq!(factor(&constant(128, 0), 2, 8), None);
        let written = product_in_duckdb(5_000, (10, 2), (14, 6));
        let wanted = "CAST((CAST({0} AS DECIMAL(10, 2)) * CAST('0.5000' AS DECIMAL(4, 4))) AS DECIMAL(14, 6))";
        assert_eq!(written.as_deref(), Some(wanted));
    }
}
