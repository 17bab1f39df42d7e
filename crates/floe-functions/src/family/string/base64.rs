//! `base64(bin)` and `unbase64(str)`.

use arrow::datatypes::DataType;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_text::{binary, text};
use crate::rows::{self, Binaries, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("base64", encode).usage("base64(bin) - Returns the binary in base 64."),
    Function::scalar("unbase64", decode)
        .usage("unbase64(str) - Returns the binary that the text stands for in base 64."),
];

fn encode(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = binary(call, 0)?;
    let nullable = value.nullable;
    let chunks = call.context.conf("spark.sql.legacy.chunkBase64String.enabled", "false") == "true";
    Ok(call.kernel(format!("{chunks}"), vec![value], DataType::Utf8, nullable, move |arguments| {
        let values = Binaries::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            let text = STANDARD.encode(value);
            if !chunks {
                out.push_str(&text);
                return Ok(true);
            }
            for (index, line) in text.as_bytes().chunks(76).enumerate() {
                out.push_str(if index > 0 { "\r\n" } else { "" });
                out.extend(line.iter().map(|byte| char::from(*byte)));
            }
            Ok(true)
        })
    }))
}

fn decode(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text(call, 0)?;
    let nullable = value.nullable;
    Ok(call.raising("", vec![value], DataType::Binary, nullable, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::binaries(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            read(value, out).map_err(|text| Error::message(Kind::IllegalArgument, text))?;
            Ok(true)
        })
    }))
}

/// As Java's MIME decoder reads it: what is not of the alphabet is passed over; the padding may be missing, but not
/// half of it, and nothing may follow it.
pub(crate) fn read(text: &str, out: &mut Vec<u8>) -> Result<(), String> {
    let mut bytes = text.bytes().enumerate();
    let (mut bits, mut count) = (0_u32, 0);
    let mut padded = false;
    while let Some((_, byte)) = bytes.next() {
        if byte == b'=' {
            let complete = match count {
                0 => false,
                2 => bytes.next().is_some_and(|(_, byte)| byte == b'='),
                _ => true,
            };
            if !complete {
                return Err("Input byte array has wrong 4-byte ending unit".into());
            }
            padded = true;
            break;
        }
        let Some(value) = value_of(byte) else { continue };
        bits = bits << 6 | u32::from(value);
        count += 1;
        if count == 4 {
            out.extend(bits.to_be_bytes().iter().skip(1));
            (bits, count) = (0, 0);
        }
    }
    match count {
        1 => return Err("Last unit does not have enough valid bits".into()),
        2 => out.extend((bits << 12).to_be_bytes().get(1..2).unwrap_or_default()),
        3 => out.extend((bits << 6).to_be_bytes().get(1..3).unwrap_or_default()),
        _ => {}
    }
    if padded && let Some((at, _)) = bytes.find(|(_, byte)| *byte == b'=' || value_of(*byte).is_some()) {
        return Err(format!("Input byte array has incorrect ending byte at {}", at + 1));
    }
    Ok(())
}

fn value_of(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    fn read(text: &str) -> String {
        let mut out = Vec::new();
        match super::read(text, &mut out) {
            Ok(()) => String::from_utf8_lossy(&out).into_owned(),
            Err(error) => error,
        }
    }

    /// Real Spark 4.1.4's answers.
    #[test]
    fn reads_as_java_does() {
        assert_eq!(read("U3BhcmsgU1FM"), "Spark SQL");
        assert_eq!(read("YQ"), "a");
        assert_eq!(read("Y Q=="), "a");
        assert_eq!(read("YWJj\nZGVm"), "abcdef");
        assert_eq!(read("$$$$"), "");
        assert_eq!(read("a"), "Last unit does not have enough valid bits");
        assert_eq!(read("YQ="), "Input byte array has wrong 4-byte ending unit");
        assert_eq!(read("YQ==YQ=="), "Input byte array has incorrect ending byte at 5");
    }
}
