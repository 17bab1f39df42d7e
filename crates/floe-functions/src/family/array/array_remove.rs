//! `array_remove(array, value)`: the array without the elements that equal the value.

use arrow::array::Array;
use floe_base::Result;

use super::_list::{Gather, equal_elements, list_and_value};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("array_remove", bind)
        .usage("array_remove(array, value) - Removes all elements that equal value.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (array, value, element) = list_and_value(call, 0, 1)?;
    let nullable = array.nullable || value.nullable;
    let data_type = array.data_type.clone();
    Ok(call.kernel("", vec![array, value], data_type, nullable, move |arguments| {
        let (lists, values) = (Lists::of(arguments, 0)?, rows::any(arguments, 1)?);
        let equal = equal_elements(&lists, &values, arguments)?;
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![lists.array.values().clone()], rows);
        for row in 0..rows {
            let range = lists.range(row).filter(|_| values.array.is_valid(values.place(row)));
            let valid = range.is_some();
            range.into_iter().flatten().filter(|index| !equal.value(*index)).for_each(|index| gather.pick(0, index));
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
