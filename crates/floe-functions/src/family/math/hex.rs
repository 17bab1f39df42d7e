//! `hex`: a number, a text or bytes as hexadecimal digits.

use std::fmt::Write as _;

use arrow::datatypes::DataType;
use floe_base::Result;
use floe_syntax::expression::CastMode;

use crate::cast::cast;
use crate::rows::{Binaries, Longs, texts};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("hex", bind).usage("hex(expr) - Converts `expr` to hexadecimal.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    match value.data_type {
        DataType::Utf8 | DataType::Binary => bytes(call, value),
        ref other if coerce::is_numeric(other) || *other == DataType::Null => {
            let number = call.coerced(0, &DataType::Int64, "\"BIGINT\"")?;
            let nullable = number.nullable;
            Ok(call.kernel("number", vec![number], DataType::Utf8, nullable, |arguments| {
                let values = Longs::of(arguments, 0)?;
                texts(arguments, |row, out| {
                    let Some(number) = values.at(row) else { return Ok(false) };
                    let _ = write!(out, "{number:X}");
                    Ok(true)
                })
            }))
        }
        DataType::Boolean | DataType::Date32 | DataType::Timestamp(..) => {
            let text = cast(value, &DataType::Utf8, CastMode::Session, call.context, call.origin)?;
            bytes(call, text)
        }
        _ => Err(call.unexpected_type(0, "(\"BIGINT\" or \"BINARY\" or \"STRING\")")),
    }
}

fn bytes(call: &Call<'_>, value: Typed) -> Result<Typed> {
    let nullable = value.nullable;
    let bytes = cast(value, &DataType::Binary, CastMode::Session, call.context, call.origin)?;
    Ok(call.kernel("bytes", vec![bytes], DataType::Utf8, nullable, |arguments| {
        let values = Binaries::of(arguments, 0)?;
        texts(arguments, |row, out| {
            let Some(bytes) = values.at(row) else { return Ok(false) };
            out.push_str(&hex::encode_upper(bytes));
            Ok(true)
        })
    }))
}
