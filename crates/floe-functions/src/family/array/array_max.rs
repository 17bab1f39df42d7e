//! `array_max` and `array_min`: the greatest and the least element that is not NULL; NaN is the greatest number.

use arrow::array::Array;
use arrow::compute::take;
use floe_base::Result;

use super::_list::{keys, list};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};
use arrow::array::UInt64Array;

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("array_max", max).usage("array_max(array) - Returns the greatest element, NULLs left out."),
    Function::scalar("array_min", min).usage("array_min(array) - Returns the least element, NULLs left out."),
];

fn max(call: &Call<'_>) -> Result<Typed> {
    bind(call, true)
}

fn min(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn bind(call: &Call<'_>, greatest: bool) -> Result<Typed> {
    let [_] = call.exactly()?;
    let (array, element) = list(call, 0)?;
    Ok(call.kernel("", vec![array], element.data_type().clone(), true, move |arguments| {
        let lists = Lists::of(arguments, 0)?;
        let elements = lists.array.values();
        let keys = keys(std::slice::from_ref(elements))?;
        let best = |row: usize| {
            let indices = lists.range(row)?.filter(|index| elements.is_valid(*index));
            // The first of equals, as Spark's loop keeps it.
            let found = match greatest {
                true => indices.rev().max_by_key(|index| keys[0].row(*index)),
                false => indices.min_by_key(|index| keys[0].row(*index)),
            };
            found.map(|index| index as u64)
        };
        let indices: UInt64Array = (0..rows::count(arguments)).map(best).collect();
        rows::finish(arguments, take(elements, &indices, None)?)
    }))
}
