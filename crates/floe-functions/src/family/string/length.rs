//! `length`, `octet_length`, `bit_length`: the size of text in characters, bytes or bits; of binary in bytes.

use arrow::datatypes::{DataType, Int32Type};
use floe_base::Result;
use floe_base::id::BackendId;

use super::_text::{characters, text_or_binary};
use crate::rows::{self, Binaries, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("length", in_characters)
        .aliases(&["char_length", "character_length", "len"])
        .usage("length(expr) - Returns the number of characters of text, or of bytes of binary."),
    Function::scalar("octet_length", in_bytes).usage("octet_length(expr) - Returns the number of bytes."),
    Function::scalar("bit_length", in_bits).usage("bit_length(expr) - Returns the number of bits."),
];

fn in_characters(call: &Call<'_>) -> Result<Typed> {
    bind(call, characters, 1)
}

fn in_bytes(call: &Call<'_>) -> Result<Typed> {
    bind(call, str::len, 1)
}

fn in_bits(call: &Call<'_>) -> Result<Typed> {
    bind(call, |text| text.len() * 8, 8)
}

fn bind(call: &Call<'_>, of_text: fn(&str) -> usize, per_byte: i32) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text_or_binary(call, 0)?;
    let nullable = value.nullable;
    if value.data_type == DataType::Binary {
        return Ok(call.kernel("binary", vec![value], DataType::Int32, nullable, move |arguments| {
            let bytes = Binaries::of(arguments, 0)?;
            let length = |row| Ok(bytes.at(row).map(|value| size(value.len()).saturating_mul(per_byte)));
            rows::numbers::<Int32Type>(arguments, length)
        }));
    }
    let name = match (call.name, per_byte) {
        ("octet_length", _) => "strlen",
        (_, 8) => "bit_length",
        _ => "length",
    };
    let length = call.kernel("text", vec![value], DataType::Int32, nullable, move |arguments| {
        let texts = Texts::of(arguments, 0)?;
        rows::numbers::<Int32Type>(arguments, |row| Ok(texts.at(row).map(|value| size(of_text(value)))))
    });
    Ok(length.spelled(BackendId::DuckDb, format!("CAST({name}({{0}}) AS INTEGER)")))
}

fn size(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
