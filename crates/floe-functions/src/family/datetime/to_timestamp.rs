//! `to_timestamp`, `to_timestamp_ltz`, `to_timestamp_ntz` and `try_to_timestamp`: a value as a timestamp, a text by a
//! pattern where one is given.

use arrow::datatypes::DataType;
use floe_base::Result;
use floe_syntax::expression::CastMode;

use super::_default::timestamp_type;
use super::_kernel::{TIMESTAMP_NTZ, timestamp};
use super::_read::{Target, read};
use crate::cast::cast;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("to_timestamp", bind)
        .usage("to_timestamp(timestamp_str[, fmt]) - Parses the `timestamp_str` expression with the `fmt` expression to a timestamp."),
    Function::scalar("to_timestamp_ltz", bind)
        .usage("to_timestamp_ltz(timestamp_str[, fmt]) - Parses the `timestamp_str` expression with the `fmt` expression to a timestamp with local time zone."),
    Function::scalar("to_timestamp_ntz", bind)
        .usage("to_timestamp_ntz(timestamp_str[, fmt]) - Parses the `timestamp_str` expression with the `fmt` expression to a timestamp without time zone."),
    Function::scalar("try_to_timestamp", bind)
        .usage("try_to_timestamp(timestamp_str[, fmt]) - Parses the `timestamp_str` expression with the `fmt` expression to a timestamp, or NULL."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let to = match call.name {
        "to_timestamp_ltz" => timestamp(),
        "to_timestamp_ntz" => TIMESTAMP_NTZ,
        _ => timestamp_type(call.context),
    };
    let tries = call.name == "try_to_timestamp";
    call.between(1, 2)?;
    let value = call.argument(0)?.clone();
    let mode = if tries { CastMode::Try } else { CastMode::Session };
    if call.arguments.len() == 1 {
        return cast(value, &to, mode, call.context, call.origin);
    }
    let pattern = call.coerced(1, &DataType::Utf8, "\"STRING\"")?;
    let text = match value.data_type {
        DataType::Date32 | DataType::Timestamp(..) => return cast(value, &to, mode, call.context, call.origin),
        _ => call.coerced(0, &DataType::Utf8, "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")?,
    };
    let target = if to == TIMESTAMP_NTZ { Target::Local } else { Target::Instant };
    read(call, text, pattern, target, call.context.ansi && !tries, "try_to_timestamp")
}
