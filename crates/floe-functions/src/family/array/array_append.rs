//! `array_append` and `array_prepend`: an array with one element more at its end or its start.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use floe_base::Result;

use super::_list::{Gather, list_and_value, must_be_list};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("array_append", append).usage("array_append(array, element) - Adds the element at the end."),
    Function::scalar("array_prepend", prepend).usage("array_prepend(array, element) - Adds the element at the start."),
];

fn append(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn prepend(call: &Call<'_>) -> Result<Typed> {
    bind(call, true)
}

/// Spark 4.1 declares the elements nullable whatever they are.
fn bind(call: &Call<'_>, at_start: bool) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    must_be_list(call, 0)?;
    let (array, value, element) = list_and_value(call, 0, 1)?;
    let element = Arc::new(Field::new("element", element.data_type().clone(), true));
    let nullable = array.nullable;
    Ok(call.kernel("", vec![array, value], DataType::List(element.clone()), nullable, move |arguments| {
        let (lists, values) = (Lists::of(arguments, 0)?, rows::any(arguments, 1)?);
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![lists.array.values().clone(), values.array.clone()], rows);
        for row in 0..rows {
            let range = lists.range(row);
            let valid = range.is_some();
            if at_start {
                gather.pick(1, values.place(row));
            }
            gather.pick_all(0, range.unwrap_or(0..0));
            if !at_start {
                gather.pick(1, values.place(row));
            }
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
