//! `is_valid_utf8`, `make_valid_utf8`, `validate_utf8`, `try_validate_utf8`.
//!
//! Text inside the engine is always valid UTF-8: what is not was mended when it was cast from binary. So only binary
//! given to these functions can be invalid.

use std::fmt::Write as _;

use arrow::datatypes::DataType;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_text::text_or_binary;
use crate::rows::{self, Binaries};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("is_valid_utf8", is_valid)
        .usage("is_valid_utf8(str) - Returns true where the text is valid UTF-8."),
    Function::scalar("make_valid_utf8", make_valid)
        .usage("make_valid_utf8(str) - Returns the text with invalid bytes replaced by U+FFFD."),
    Function::scalar("validate_utf8", validate)
        .usage("validate_utf8(str) - Returns the text, or raises where it is invalid."),
    Function::scalar("try_validate_utf8", try_validate)
        .usage("try_validate_utf8(str) - Returns the text, or NULL where it is invalid."),
];

/// The argument as bytes: text is its own bytes.
fn bytes(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text_or_binary(call, 0)?;
    crate::family::array::_list::to(call, value, &DataType::Binary)
}

fn is_valid(call: &Call<'_>) -> Result<Typed> {
    Ok(call.kernel("", vec![bytes(call)?], DataType::Boolean, true, |arguments| {
        let values = Binaries::of(arguments, 0)?;
        rows::booleans(arguments, |row| Ok(values.at(row).map(|value| std::str::from_utf8(value).is_ok())))
    }))
}

fn make_valid(call: &Call<'_>) -> Result<Typed> {
    bind(call, false, |value| Ok(Some(String::from_utf8_lossy(value).into_owned())))
}

fn validate(call: &Call<'_>) -> Result<Typed> {
    bind(call, true, |value| match std::str::from_utf8(value) {
        Ok(text) => Ok(Some(text.to_string())),
        Err(error) => Err(invalid(value.get(error.valid_up_to()..).unwrap_or_default(), error.error_len())),
    })
}

fn try_validate(call: &Call<'_>) -> Result<Typed> {
    bind(call, false, |value| Ok(std::str::from_utf8(value).ok().map(str::to_string)))
}

fn bind(call: &Call<'_>, raises: bool, read: fn(&[u8]) -> Result<Option<String>>) -> Result<Typed> {
    let body = move |arguments: &crate::Arguments<'_>| {
        let values = Binaries::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let text = values.at(row).map(read).transpose()?.flatten();
            out.push_str(text.as_deref().unwrap_or_default());
            Ok(text.is_some())
        })
    };
    let arguments = vec![bytes(call)?];
    Ok(match raises {
        true => call.raising("", arguments, DataType::Utf8, true, body),
        false => call.kernel("", arguments, DataType::Utf8, true, body),
    })
}

/// Spark 4.1 `INVALID_UTF8_STRING`; the bytes as `\x80`.
fn invalid(rest: &[u8], length: Option<usize>) -> Error {
    let mut shown = String::new();
    for byte in rest.iter().take(length.unwrap_or(rest.len())) {
        let _ = write!(shown, "\\x{byte:02X}");
    }
    Error::new(Kind::IllegalArgument, "INVALID_UTF8_STRING").with("str", shown)
}
