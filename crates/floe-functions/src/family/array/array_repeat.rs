//! `array_repeat(element, count)`: an array of one element again and again.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use floe_base::Result;

use super::_list::Gather;
use crate::family::string::_text::int;
use crate::rows::{self, Ints};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("array_repeat", bind)
    .usage("array_repeat(element, count) - Returns an array of element count times.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, _] = call.exactly()?;
    // Spark 4.1 casts nothing to its count.
    if !matches!(call.argument(1)?.data_type, DataType::Int32 | DataType::Null) {
        return Err(call.unexpected_type(1, "\"INT\""));
    }
    let count = int(call, 1)?;
    let element = Arc::new(Field::new("element", value.data_type.clone(), value.nullable));
    let nullable = count.nullable;
    Ok(call.kernel("", vec![value, count], DataType::List(element.clone()), nullable, move |arguments| {
        let (values, counts) = (rows::any(arguments, 0)?, Ints::of(arguments, 1)?);
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![values.array.clone()], rows);
        for row in 0..rows {
            let count = counts.at(row);
            let times = usize::try_from(count.unwrap_or(0)).unwrap_or(0);
            gather.pick_times(0, values.place(row), times)?;
            gather.end_row(count.is_some())?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
