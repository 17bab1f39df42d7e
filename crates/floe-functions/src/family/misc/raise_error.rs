//! `raise_error(message)` and `assert_true(condition[, message])`.

use arrow::array::{Array, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use crate::family::string::_text::text;
use crate::rows::{self, Booleans, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("raise_error", raise).usage("raise_error(expr) - Raises an error with that message."),
    Function::scalar("assert_true", assert)
        .usage("assert_true(expr[, message]) - Raises an error where the condition is not true, else is NULL."),
];

fn raise(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let message = text(call, 0)?;
    Ok(call.raising("", vec![message], DataType::Null, true, |arguments| {
        let messages = Texts::of(arguments, 0)?;
        match rows::count(arguments) {
            0 => Ok(nothing(arguments)),
            _ => Err(raised(messages.at(0).unwrap_or("null"))),
        }
    }))
}

fn assert(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let condition = match call.argument(0)?.data_type {
        DataType::Boolean | DataType::Null => call.coerced(0, &DataType::Boolean, "\"BOOLEAN\"")?,
        _ => return Err(call.unexpected_type(0, "\"BOOLEAN\"")),
    };
    let message = match call.arguments.len() {
        1 => Typed::constant(ScalarValue::from(format!("'{}' is not true!", (call.text)(Some(0))).as_str())),
        _ => text(call, 1)?,
    };
    Ok(call.raising("", vec![condition, message], DataType::Null, true, |arguments| {
        let (conditions, messages) = (Booleans::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let is_true = |conditions: &BooleanArray, row: usize| conditions.is_valid(row) && conditions.value(row);
        for row in 0..rows::count(arguments) {
            if !is_true(&conditions.array, conditions.place(row)) {
                return Err(raised(messages.at(row).unwrap_or("null")));
            }
        }
        Ok(nothing(arguments))
    }))
}

/// The NULLs of an expression that is run for its errors.
fn nothing(arguments: &crate::Arguments<'_>) -> ColumnarValue {
    match arguments.all_scalar() {
        true => ColumnarValue::Scalar(ScalarValue::Null),
        false => ColumnarValue::Array(arrow::array::new_null_array(&DataType::Null, arguments.rows)),
    }
}

/// Spark 4.1 `USER_RAISED_EXCEPTION`.
fn raised(message: &str) -> Error {
    Error::new(Kind::Runtime, "USER_RAISED_EXCEPTION").with("errorMessage", message)
}
