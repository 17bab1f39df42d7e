//! `sort_array(array[, ascendingOrder])`: NULLs first ascending, last descending.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_list::{Gather, keys, list};
use crate::rows::{self, Booleans, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("sort_array", bind)
    .usage("sort_array(array[, ascendingOrder]) - Sorts the array; NULLs come first ascending, last descending.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let (array, element) = list(call, 0)?;
    let ascending = match call.arguments.len() {
        1 => Typed::constant(ScalarValue::from(true)),
        _ => call.coerced(1, &DataType::Boolean, "\"BOOLEAN\"")?,
    };
    let nullable = array.nullable || ascending.nullable;
    let data_type = array.data_type.clone();
    Ok(call.kernel("", vec![array, ascending], data_type, nullable, move |arguments| {
        let (lists, orders) = (Lists::of(arguments, 0)?, Booleans::of(arguments, 1)?);
        let elements = lists.array.values().clone();
        let keys = keys(std::slice::from_ref(&elements))?;
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![elements], rows);
        for row in 0..rows {
            let (Some(range), Some(ascending)) = (lists.range(row), orders.at(row)) else {
                gather.end_row(false)?;
                continue;
            };
            let mut indices: Vec<usize> = range.collect();
            // Keys hold NULL as the least; the reverse of that is where Spark wants it.
            match ascending {
                true => indices.sort_by(|left, right| keys[0].row(*left).cmp(&keys[0].row(*right))),
                false => indices.sort_by(|left, right| keys[0].row(*right).cmp(&keys[0].row(*left))),
            }
            indices.into_iter().for_each(|index| gather.pick(0, index));
            gather.end_row(true)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
