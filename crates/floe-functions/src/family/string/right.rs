//! `right(str, len)`: the last characters of text.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::{characters, int, offset, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("right", bind).usage("right(str, len) - Returns the last len characters.")];

/// Spark 4.1 declares it nullable whatever its arguments are.
fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (value, length) = (text(call, 0)?, int(call, 1)?);
    Ok(call.kernel("", vec![value, length], DataType::Utf8, true, |arguments| {
        let (values, lengths) = (Texts::of(arguments, 0)?, Ints::of(arguments, 1)?);
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(length)) = (values.at(row), lengths.at(row)) else { return Ok(false) };
            let skipped = characters(value).saturating_sub(usize::try_from(length).unwrap_or(0));
            out.push_str(value.get(offset(value, skipped)..).unwrap_or_default());
            Ok(true)
        })
    }))
}
