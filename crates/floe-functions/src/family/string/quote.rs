//! `quote(str)`: text as a literal of SQL, in single quotes.

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("quote", bind).usage("quote(str) - Returns the text in single quotes, those within escaped.")];

/// Spark 4.1 escapes the single quote alone.
fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text(call, 0)?;
    Ok(call.kernel("", vec![value], DataType::Utf8, true, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            out.push('\'');
            out.push_str(&value.replace('\'', "\\'"));
            out.push('\'');
            Ok(true)
        })
    }))
}
