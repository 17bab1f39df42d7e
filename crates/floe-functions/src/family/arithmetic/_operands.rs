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
    let (left, right) = coerce::operands(left, right, call.context, call.origin)?;
    let decimals = coerce::is_decimal(&left.data_type) && coerce::is_decimal(&right.data_type);
    if !decimals && left.data_type != right.data_type {
        return Err(different(call, &left, &right));
    }
    if !coerce::is_numeric(&left.data_type) && !coerce::is_interval(&left.data_type) {
        return Err(wrong(call, &left, required));
    }
    Ok((left, right))
}

/// Two numbers alike, or an error.
pub(crate) fn numbers(call: &Call<'_>, left: Typed, right: Typed) -> Result<(Typed, Typed)> {
    let (left, right) = alike(call, left, right, "\"NUMERIC\"")?;
    if !coerce::is_numeric(&left.data_type) {
        return Err(wrong(call, &left, "\"NUMERIC\""));
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
pub(crate) fn wrong(call: &Call<'_>, found: &Typed, required: &str) -> Error {
    Error::analysis("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("inputType", required)
        .with("actualDataType", format!("\"{}\"", found.spark_type().sql()))
        .at(call.origin)
}
