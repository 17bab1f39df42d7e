//! `ascii(str)`: the code point of the first character.

use arrow::datatypes::{DataType, Int32Type};
use floe_base::Result;

use super::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("ascii", bind).usage("ascii(str) - Returns the code of the first character, 0 of empty text.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text(call, 0)?;
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::Int32, nullable, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::numbers::<Int32Type>(arguments, |row| {
            Ok(values.at(row).map(|value| value.chars().next().map_or(0, |letter| u32::from(letter) as i32)))
        })
    }))
}
