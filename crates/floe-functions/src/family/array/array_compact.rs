//! `array_compact(array)`: the array without its NULLs.

use std::sync::Arc;

use arrow::datatypes::DataType;
use floe_base::Result;

use super::_list::{Gather, is_null, list};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("array_compact", bind).usage("array_compact(array) - Removes NULL elements.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let (array, element) = list(call, 0)?;
    let element = Arc::new(element.as_ref().clone().with_nullable(element.data_type() == &DataType::Null));
    let nullable = array.nullable;
    Ok(call.kernel("", vec![array], DataType::List(element.clone()), nullable, move |arguments| {
        let lists = Lists::of(arguments, 0)?;
        let elements = lists.array.values().clone();
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![elements.clone()], rows);
        for row in 0..rows {
            let range = lists.range(row);
            let valid = range.is_some();
            let kept = range.into_iter().flatten().filter(|index| !is_null(&elements, *index));
            kept.for_each(|index| gather.pick(0, index));
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
