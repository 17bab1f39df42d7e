//! `array_distinct(array)`: each value once, in the order of their first places.

use std::collections::HashSet;

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_list::{Gather, keys, list};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("array_distinct", bind).usage("array_distinct(array) - Removes duplicate elements.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let (array, element) = list(call, 0)?;
    let nullable = array.nullable;
    Ok(call.kernel("", vec![array], DataType::List(element.clone()), nullable, move |arguments| {
        let lists = Lists::of(arguments, 0)?;
        let keys = keys(&[lists.array.values().clone()])?;
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![lists.array.values().clone()], rows);
        let mut seen = HashSet::new();
        for row in 0..rows {
            let range = lists.range(row);
            let valid = range.is_some();
            seen.clear();
            for index in range.into_iter().flatten() {
                if seen.insert(keys[0].row(index)) {
                    gather.pick(0, index);
                }
            }
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
