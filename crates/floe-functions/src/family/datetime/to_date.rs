//! `to_date` and `try_to_date`: a value as a date, a text by a pattern where one is given.

use arrow::datatypes::DataType;
use floe_base::Result;
use floe_syntax::expression::CastMode;

use super::_read::{Target, read};
use crate::cast::cast;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("to_date", bind)
        .usage("to_date(date_str[, fmt]) - Parses the `date_str` expression with the `fmt` expression to a date."),
    Function::scalar("try_to_date", bind).usage(
        "try_to_date(date_str[, fmt]) - Parses the `date_str` expression with the `fmt` expression to a date, or NULL.",
    ),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let tries = call.name == "try_to_date";
    let mode = if tries { CastMode::Try } else { CastMode::Session };
    let value = call.argument(0)?.clone();
    let pattern = match call.arguments.len() {
        1 => None,
        _ => Some(call.coerced(1, &DataType::Utf8, "\"STRING\"")?),
    };
    let text = match value.data_type {
        DataType::Date32 | DataType::Timestamp(..) => {
            return cast(value, &DataType::Date32, mode, call.context, call.origin);
        }
        _ => call.coerced(0, &DataType::Utf8, "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")?,
    };
    let Some(pattern) = pattern else { return cast(text, &DataType::Date32, mode, call.context, call.origin) };
    read(call, text, pattern, Target::Date, call.context.ansi && !tries, "try_to_date")
}
