//! `reverse(expr)`: text or an array from its end to its start.

use arrow::datatypes::DataType;
use floe_base::Result;

use crate::family::array::_list::Gather;
use crate::rows::{self, Lists, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("reverse", bind).usage("reverse(expr) - Returns the text or the array the other way round.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let nullable = value.nullable;
    if let DataType::List(element) = value.data_type.clone() {
        return Ok(call.kernel("array", vec![value], DataType::List(element.clone()), nullable, move |arguments| {
            let lists = Lists::of(arguments, 0)?;
            let rows = rows::count(arguments);
            let mut gather = Gather::new(vec![lists.array.values().clone()], rows);
            for row in 0..rows {
                let range = lists.range(row);
                let valid = range.is_some();
                range.into_iter().flatten().rev().for_each(|index| gather.pick(0, index));
                gather.end_row(valid)?;
            }
            rows::finish(arguments, gather.finish(&element)?)
        }));
    }
    let value = call.coerced(0, &DataType::Utf8, "(\"STRING\" or \"ARRAY\")")?;
    Ok(call.kernel("text", vec![value], DataType::Utf8, nullable, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::texts(arguments, |row, out| {
            let Some(value) = values.at(row) else { return Ok(false) };
            out.extend(value.chars().rev());
            Ok(true)
        })
    }))
}
