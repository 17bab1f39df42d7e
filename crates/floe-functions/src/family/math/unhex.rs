//! `unhex`: hexadecimal digits as bytes; NULL for what are none.

use arrow::datatypes::DataType;
use floe_base::Result;

use crate::rows::{Texts, binaries};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("unhex", bind).usage("unhex(expr) - Converts hexadecimal `expr` to binary.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let text = call.coerced(0, &DataType::Utf8, "\"STRING\"")?;
    Ok(call.kernel("", vec![text], DataType::Binary, true, |arguments| {
        let values = Texts::of(arguments, 0)?;
        binaries(arguments, |row, out| {
            let Some(text) = values.at(row) else { return Ok(false) };
            Ok(decode(text, out))
        })
    }))
}

/// An odd digit at the front is a byte of its own.
fn decode(text: &str, out: &mut Vec<u8>) -> bool {
    let digit = |letter: u8| (letter as char).to_digit(16);
    let (first, rest) = text.as_bytes().split_at(text.len() % 2);
    for letter in first {
        let Some(value) = digit(*letter) else { return false };
        out.push(value as u8);
    }
    for pair in rest.chunks(2) {
        let [high, low] = pair else { return false };
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return false };
        out.push((high * 16 + low) as u8);
    }
    true
}
