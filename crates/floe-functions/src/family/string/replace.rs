//! `replace(str, search[, replace])`: every occurrence of a text by another.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_text::{nullable, text};
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("replace", bind)
    .usage("replace(str, search[, replace]) - Replaces every search by replace, or removes it.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let by = match call.arguments.len() {
        2 => Typed::constant(ScalarValue::from("")),
        _ => text(call, 2)?,
    };
    let arguments = [text(call, 0)?, text(call, 1)?, by];
    let nullable = nullable(&arguments.each_ref());
    Ok(call.kernel("", arguments.into(), DataType::Utf8, nullable, |arguments| {
        let (values, searches) = (Texts::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let replacements = Texts::of(arguments, 2)?;
        rows::texts(arguments, |row, out| {
            let (Some(value), Some(search), Some(by)) = (values.at(row), searches.at(row), replacements.at(row)) else {
                return Ok(false);
            };
            replace(value, search, by, out);
            Ok(true)
        })
    }))
}

/// An empty search changes nothing.
fn replace(value: &str, search: &str, by: &str, out: &mut String) {
    if search.is_empty() {
        return out.push_str(value);
    }
    for (index, part) in value.split(search).enumerate() {
        if index > 0 {
            out.push_str(by);
        }
        out.push_str(part);
    }
}
