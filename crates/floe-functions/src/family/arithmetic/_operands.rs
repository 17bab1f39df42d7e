//! The operands of `+ - * / % div`: made alike as Spark does, or refused with its words.

use arrow::datatypes::DataType;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::{Call, Typed, coerce};

/// What `+` and `-` take beside numbers.
pub(crate) const NUMBERS_AND_INTERVALS: &str =
    "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";

/// Two operands of one type, decimals aside, whose precisions may differ; NULL becomes what is beside it.
///
/// Fails with BINARY_OP_DIFF_TYPES where they cannot be made alike, with BINARY_OP_WRONG_TYPE where the operator takes no
/// such type (`required` as Spark prints it).
pub(crate) fn alike(call: &Call<'_>, left: Typed, right: Typed, required: &str) -> Result<(Typed, Typed)> {
    let to_double = |value: Typed| match value.data_type {
        DataType::Utf8 => cast(value, &DataType::Float64, CastMode::Session, call.context, call.origin),
        _ => Ok(value),
    };
    // Without ANSI a text in arithmetic is a double, whatever is beside it.
    let (left, right) = match call.context.ansi {
        true => (left, right),
        false => (to_double(left)?, to_double(right)?),
    };
    let both_null = left.data_type == DataType::Null && right.data_type == DataType::Null;
    if both_null {
        return Ok((Typed::null(&DataType::Float64), Typed::null(&DataType::Float64)));
    }
    let (left, right) = if call.name.starts_with("try_") { tolerant(call, left, right)? } else { (left, right) };
    let given = (left.clone(), right.clone());
    let (left, right) = coerce::operands(left, right, call.context, call.origin)?;
    let decimals = coerce::is_decimal(&left.data_type) && coerce::is_decimal(&right.data_type);
    if !decimals && left.data_type != right.data_type {
        return Err(different(call, &left, &right));
    }
    if !coerce::is_numeric(&left.data_type) && !coerce::is_interval(&left.data_type) {
        return Err(refused(call, &given, &left, required));
    }
    Ok((left, right))
}

/// A text among the operands of a `try_` function, read so that what is no number is NULL (Spark 4.1 puts the whole of
/// such a call into `TryEval`).
fn tolerant(call: &Call<'_>, left: Typed, right: Typed) -> Result<(Typed, Typed)> {
    let read = |text: Typed, beside: &DataType| match (&text.data_type, beside) {
        (DataType::Utf8, beside) if coerce::is_numeric(beside) => {
            let to = if coerce::is_integral(beside) { DataType::Int64 } else { DataType::Float64 };
            cast(text, &to, CastMode::Try, call.context, call.origin)
        }
        _ => Ok(text),
    };
    let types = (left.data_type.clone(), right.data_type.clone());
    Ok((read(left, &types.1)?, read(right, &types.0)?))
}

/// The error for operands an operator does not take. A type is made that of both only where the operator takes it, so
/// that operands of different types are told to differ; but a decimal beside a floating point number is always made one.
pub(crate) fn refused(call: &Call<'_>, given: &(Typed, Typed), found: &Typed, required: &str) -> Error {
    let (left, right) = (&given.0.data_type, &given.1.data_type);
    let becomes_floating = (coerce::is_decimal(left) && coerce::is_floating(right))
        || (coerce::is_floating(left) && coerce::is_decimal(right));
    // So is NULL beside a text made one.
    let becomes_text = matches!((left, right), (DataType::Null, DataType::Utf8) | (DataType::Utf8, DataType::Null));
    if left == right || becomes_floating || becomes_text {
        return wrong(call, found, required);
    }
    different(call, &given.0, &given.1)
}

/// Two numbers alike, or an error.
pub(crate) fn numbers(call: &Call<'_>, left: Typed, right: Typed) -> Result<(Typed, Typed)> {
    let given = (left.clone(), right.clone());
    let (left, right) = alike(call, left, right, "\"NUMERIC\"")?;
    if !coerce::is_numeric(&left.data_type) {
        return Err(refused(call, &given, &left, "\"NUMERIC\""));
    }
    Ok((left, right))
}

/// Spark 4.1 `DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES`.
pub(crate) fn different(call: &Call<'_>, left: &Typed, right: &Typed) -> Error {
    Error::analysis("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("left", format!("\"{}\"", left.spark_type().sql()))
        .with("right", format!("\"{}\"", right.spark_type().sql()))
        .at(call.origin)
}

/// Spark 4.1 `DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE`.
fn wrong(call: &Call<'_>, found: &Typed, required: &str) -> Error {
    Error::analysis("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("inputType", required)
        .with("actualDataType", format!("\"{}\"", found.spark_type().sql()))
        .at(call.origin)
}
