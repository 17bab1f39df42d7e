//! `lower` and `upper`: text in one case, by the full Unicode mapping (final sigma, `ß` to `SS`).

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_text::text;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("lower", lower).aliases(&["lcase"]).usage("lower(str) - Returns the text in lower case."),
    Function::scalar("upper", upper).aliases(&["ucase"]).usage("upper(str) - Returns the text in upper case."),
];

fn lower(call: &Call<'_>) -> Result<Typed> {
    bind(call, |text, out| {
        if !text.is_ascii() {
            return out.push_str(&text.to_lowercase());
        }
        out.push_str(text);
        out.make_ascii_lowercase();
    })
}

fn upper(call: &Call<'_>) -> Result<Typed> {
    bind(call, |text, out| {
        if !text.is_ascii() {
            return out.push_str(&text.to_uppercase());
        }
        out.push_str(text);
        out.make_ascii_uppercase();
    })
}

fn bind(call: &Call<'_>, change: fn(&str, &mut String)) -> Result<Typed> {
    let [_] = call.exactly()?;
    let value = text(call, 0)?;
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::Utf8, nullable, move |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            change(value, out);
            Ok(true)
        })
    }))
}
