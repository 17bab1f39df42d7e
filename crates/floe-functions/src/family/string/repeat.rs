//! `repeat(str, n)` and `space(n)`: text again and again.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_text::{int, nullable, text};
use crate::rows::{self, Ints, Texts};
use crate::{Call, Function, Typed};

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
            (0..times).for_each(|_| out.push_str(value));
            Ok(true)
        })
    }))
}
