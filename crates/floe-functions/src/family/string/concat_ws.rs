//! `concat_ws(sep, …)`: texts and arrays of texts with a separator between, NULLs left out.

use arrow::array::{Array, ArrayRef, ListArray, StringArray};
use arrow::datatypes::DataType;
use floe_base::{Error, Result};

use super::_text::text;
use crate::rows::{self, Column, Texts};
use crate::{Call, Function, Typed, coerce};
use std::sync::Arc;

use arrow::datatypes::Field;

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("concat_ws", bind)
    .usage("concat_ws(sep[, str | array(str)]+) - Returns the texts with sep between them, NULLs left out.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.at_least(1)?;
    let separator = text(call, 0)?;
    let nullable = separator.nullable;
    let mut arguments = vec![separator];
    for index in 1..call.arguments.len() {
        arguments.push(part(call, index)?);
    }
    Ok(call.kernel("", arguments, DataType::Utf8, nullable, |arguments| {
        let separators = Texts::of(arguments, 0)?;
        let parts = (1..arguments.values.len()).map(|index| Part::of(rows::any(arguments, index)?));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        rows::texts(arguments, |row, out| {
            let Some(separator) = separators.at(row) else { return Ok(false) };
            let mut first = true;
            for text in parts.iter().flat_map(|part| part.at(row)) {
                if !first {
                    out.push_str(separator);
                }
                first = false;
                out.push_str(text);
            }
            Ok(true)
        })
    }))
}

/// An argument as text, or as an array of text.
fn part(call: &Call<'_>, index: usize) -> Result<Typed> {
    const REQUIRED: &str = "(\"ARRAY<STRING>\" or \"STRING\")";
    let argument = call.argument(index)?.clone();
    let DataType::List(element) = &argument.data_type else {
        return call.coerced(index, &DataType::Utf8, REQUIRED);
    };
    if element.data_type() == &DataType::Utf8 {
        return Ok(argument);
    }
    let texts = DataType::List(Arc::new(Field::new("element", DataType::Utf8, true)));
    coerce::implicit(argument, &texts, call.context, call.origin)
        .unwrap_or_else(|| Err(call.unexpected_type(index, REQUIRED)))
}

/// The texts of one argument: each row has some, from `lists[row]` to `lists[row + 1]`, or one.
struct Part {
    texts: StringArray,
    lists: Option<ListArray>,
    constant: bool,
}

impl Part {
    fn of(Column { array, constant }: Column<ArrayRef>) -> Result<Self> {
        let lists = array.as_any().downcast_ref::<ListArray>().cloned();
        let texts = lists.as_ref().map_or(&array, |lists| lists.values());
        let texts = texts.as_any().downcast_ref::<StringArray>().cloned();
        let texts = texts.ok_or_else(|| Error::internal("concat_ws met an argument that is not text"))?;
        Ok(Self { texts, lists, constant })
    }

    fn at(&self, row: usize) -> impl Iterator<Item = &str> {
        let row = if self.constant { 0 } else { row };
        let range = match &self.lists {
            None => row..row + 1,
            Some(lists) if lists.is_null(row) => 0..0,
            Some(lists) => {
                let offset = |at: usize| usize::try_from(lists.value_offsets()[at]).unwrap_or(0);
                offset(row)..offset(row + 1)
            }
        };
        range.filter(|at| self.texts.is_valid(*at)).map(|at| self.texts.value(at))
    }
}
