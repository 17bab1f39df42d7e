//! `array(…)`: an array of the given elements.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field};
use floe_base::Result;

use super::_list::{Gather, unified};
use crate::rows;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("array", bind).usage("array(expr, …) - Returns an array with the given elements.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let values = unified(call, call.arguments.clone())?;
    let data_type = values.first().map_or(DataType::Null, |value| value.data_type.clone());
    // The element of an empty array is void, and cannot be NULL.
    let element = Arc::new(Field::new("element", data_type, values.iter().any(|value| value.nullable)));
    Ok(call.kernel("", values, DataType::List(element.clone()), false, move |arguments| {
        let columns = (0..arguments.values.len()).map(|index| rows::any(arguments, index));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let sources: Vec<ArrayRef> = columns.iter().map(|column| column.array.clone()).collect();
        let rows = rows::count(arguments);
        let mut gather = Gather::new(sources, rows);
        for row in 0..rows {
            for (source, column) in columns.iter().enumerate() {
                gather.pick(source, column.place(row));
            }
            gather.end_row(true)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
