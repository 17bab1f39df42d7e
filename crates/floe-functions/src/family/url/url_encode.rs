//! `url_encode`, `url_decode` and `try_url_decode`: text as it stands in the form of a web page.

use arrow::datatypes::DataType;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use crate::family::string::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("url_encode", encode)
        .usage("url_encode(str) - Returns the text in application/x-www-form-urlencoded."),
    Function::scalar("url_decode", decode).usage("url_decode(str) - Returns the text that url_encode made it of."),
    Function::scalar("try_url_decode", try_decode)
        .usage("try_url_decode(str) - The same, but NULL where it is malformed."),
];

/// Letters, digits and `.-*_` stay; a space is `+`; other bytes are `%XX`.
fn encode(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    Ok(call.kernel("", vec![text(call, 0)?], DataType::Utf8, true, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            out.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
            Ok(true)
        })
    }))
}

fn decode(call: &Call<'_>) -> Result<Typed> {
    bind(call, true)
}

fn try_decode(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn bind(call: &Call<'_>, raises: bool) -> Result<Typed> {
    let [_] = call.exactly()?;
    let body = move |arguments: &crate::Arguments<'_>| {
        let values = Texts::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            match read(value) {
                Some(text) => out.push_str(&text),
                None if raises => return Err(Error::new(Kind::IllegalArgument, "CANNOT_DECODE_URL").with("url", value)),
                None => return Ok(false),
            }
            Ok(true)
        })
    };
    let arguments = vec![text(call, 0)?];
    Ok(match raises {
        true => call.raising("", arguments, DataType::Utf8, true, body),
        false => call.kernel("", arguments, DataType::Utf8, true, body),
    })
}

/// `None` where a `%` has no two hexadecimal digits behind it; bytes that are no UTF-8 become U+FFFD.
fn read(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let value = digit(bytes.next()?)? * 16 + digit(bytes.next()?)?;
                out.push(u8::try_from(value).ok()?);
            }
            byte => out.push(byte),
        }
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}
