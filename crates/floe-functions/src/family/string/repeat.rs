//! `repeat(str, n)` and `space(n)`: text again and again.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_text::{int, nullable, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

/// One text holds no more: a number in a query must not fill the machine. Spark would run out of memory near here.
const TEXT_BYTES_MAX: usize = 1 << 29;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("repeat", repeat).usage("repeat(str, n) - Returns the text n times."),
    Function::scalar("space", space).usage("space(n) - Returns n spaces."),
];

fn repeat(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    bind(call, text(call, 0)?, int(call, 1)?)
}

fn space(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    bind(call, Typed::constant(ScalarValue::from(" ")), int(call, 0)?)
}

fn bind(call: &Call<'_>, value: Typed, times: Typed) -> Result<Typed> {
    let nullable = nullable(&[&value, &times]);
    Ok(call.kernel("", vec![value, times], DataType::Utf8, nullable, |arguments| {
        let (values, times) = (Texts::of(arguments, 0)?, Ints::of(arguments, 1)?);
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(times)) = (values.at(row), times.at(row)) else { return Ok(false) };
            let times = usize::try_from(times).unwrap_or(0);
            let bytes = value.len().saturating_mul(times);
            if bytes > TEXT_BYTES_MAX {
                let text = format!("a text of {bytes} bytes is more than `repeat` makes, {TEXT_BYTES_MAX}");
                return Err(Error::message(Kind::Operation, text));
            }
            out.push_str(&value.repeat(times));
            Ok(true)
        })
    }))
}
