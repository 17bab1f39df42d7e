//! `to_binary(str[, fmt])` and `try_to_binary`: binary out of text in hexadecimal, base 64 or UTF-8.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_text::text;
use super::base64::read;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("to_binary", to_binary).usage(
        "to_binary(str[, fmt]) - Returns the binary the text stands for: hex (the default), utf-8, utf8 or base64.",
    ),
    Function::scalar("try_to_binary", try_to_binary)
        .usage("try_to_binary(str[, fmt]) - The same, but NULL where the text is malformed."),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Hex,
    Utf8,
    Base64,
}

fn to_binary(call: &Call<'_>) -> Result<Typed> {
    bind(call, true)
}

fn try_to_binary(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn bind(call: &Call<'_>, raises: bool) -> Result<Typed> {
    call.between(1, 2)?;
    let value = text(call, 0)?;
    let format = match call.arguments.len() {
        1 => Some(Format::Hex),
        _ => match format_of(call, &text(call, 1)?) {
            // What is no format is tolerated as well.
            Err(error) if !raises && error.condition().ends_with(".INVALID_ARG_VALUE") => None,
            format => format?,
        },
    };
    let Some(format) = format else { return Ok(Typed::null(&DataType::Binary)) };
    let nullable = value.nullable || !raises || format != Format::Base64;
    let body = move |arguments: &crate::Arguments<'_>| {
        let values = Texts::of(arguments, 0)?;
        rows::binaries(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            let read = convert(value, format, out).is_some();
            if !read && raises { Err(malformed(value, format)) } else { Ok(read) }
        })
    };
    let key = format!("{format:?} {raises}");
    Ok(match raises && format != Format::Utf8 {
        true => call.raising(key, vec![value], DataType::Binary, nullable, body),
        false => call.kernel(key, vec![value], DataType::Binary, nullable, body),
    })
}

/// The format is a constant; NULL makes everything NULL.
fn format_of(call: &Call<'_>, format: &Typed) -> Result<Option<Format>> {
    let invalid = |value: String| {
        Error::analysis("DATATYPE_MISMATCH.INVALID_ARG_VALUE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("inputName", "fmt")
            .with("requireType", "case-insensitive \"STRING\"")
            .with("validValues", "'hex', 'utf-8', 'utf8', or 'base64'")
            .with("inputValue", value)
            .at(call.origin)
    };
    match format.literal() {
        Some(value) if value.is_null() => Ok(None),
        Some(ScalarValue::Utf8(Some(name))) => match name.to_lowercase().as_str() {
            "hex" => Ok(Some(Format::Hex)),
            "utf-8" | "utf8" => Ok(Some(Format::Utf8)),
            "base64" => Ok(Some(Format::Base64)),
            _ => Err(invalid(format!("'{name}'"))),
        },
        _ => Err(Error::analysis("DATATYPE_MISMATCH.NON_FOLDABLE_INPUT")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("inputName", "`fmt`")
            .with("inputType", "\"STRING\"")
            .with("inputExpr", format!("\"{}\"", (call.text)(Some(1))))
            .at(call.origin)),
    }
}

fn convert(text: &str, format: Format, out: &mut Vec<u8>) -> Option<()> {
    match format {
        Format::Utf8 => out.extend_from_slice(text.as_bytes()),
        Format::Hex => {
            // An odd number of digits lacks a leading nought.
            let even = if text.len() % 2 == 0 { text.to_string() } else { format!("0{text}") };
            out.extend(hex::decode(even).ok()?);
        }
        Format::Base64 => {
            if !is_base64(text) {
                return None;
            }
            read(text, out).ok()?;
        }
    }
    Some(())
}

/// Stricter than `unbase64`: letters of the alphabet, white space, and padding at the end alone.
fn is_base64(text: &str) -> bool {
    let (mut letters, mut padding) = (0, 0);
    for letter in text.chars() {
        match letter {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '+' | '/' if padding == 0 => letters += 1,
            '=' if padding < 2 => padding += 1,
            letter if letter.is_whitespace() => {}
            _ => return false,
        }
    }
    if padding > 0 { letters % 4 + padding == 4 } else { letters % 4 != 1 }
}

/// Spark 4.1 `CONVERSION_INVALID_INPUT`.
fn malformed(text: &str, format: Format) -> Error {
    let format = if format == Format::Hex { "'HEX'" } else { "'BASE64'" };
    Error::new(Kind::IllegalArgument, "CONVERSION_INVALID_INPUT")
        .with("str", format!("'{text}'"))
        .with("fmt", format)
        .with("targetType", "\"BINARY\"")
        .with("suggestion", "`try_to_binary`")
}
