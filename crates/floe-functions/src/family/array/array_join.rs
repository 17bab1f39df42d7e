//! `array_join(array, delimiter[, nullReplacement])`: the texts of an array in one.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_list::list_of;
use crate::family::string::_text::{nullable, text_only};
use crate::rows::{self, Lists, Texts};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("array_join", bind)
    .usage("array_join(array, delimiter[, nullReplacement]) - Joins the elements; NULLs are replaced, or left out.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let array = match &call.argument(0)?.data_type {
        DataType::List(element) if element.data_type() == &DataType::Utf8 => call.argument(0)?.clone(),
        _ => coerce::implicit(call.argument(0)?.clone(), &list_of(&DataType::Utf8, true), call.context, call.origin)
            .unwrap_or_else(|| Err(call.unexpected_type(0, "\"ARRAY<STRING>\"")))?,
    };
    let mut arguments = vec![array, text_only(call, 1)?];
    if call.arguments.len() == 3 {
        arguments.push(text_only(call, 2)?);
    }
    let replaces = arguments.len() == 3;
    let nullable = nullable(&arguments.iter().collect::<Vec<_>>());
    Ok(call.kernel("", arguments, DataType::Utf8, nullable, move |arguments| {
        let (lists, delimiters) = (Lists::of(arguments, 0)?, Texts::of(arguments, 1)?);
        let replacements = if replaces { Some(Texts::of(arguments, 2)?) } else { None };
        let elements = lists.array.values().as_string::<i32>().clone();
        rows::texts(arguments, |row, out| {
            let (Some(range), Some(delimiter)) = (lists.range(row), delimiters.at(row)) else { return Ok(false) };
            let replacement = replacements.as_ref().and_then(|column| column.at(row));
            if replaces && replacement.is_none() {
                return Ok(false);
            }
            let part = |index: usize| if elements.is_valid(index) { Some(elements.value(index)) } else { replacement };
            for (nth, part) in range.filter_map(part).enumerate() {
                if nth > 0 {
                    out.push_str(delimiter);
                }
                out.push_str(part);
            }
            Ok(true)
        })
    }))
}
