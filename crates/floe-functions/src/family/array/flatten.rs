//! `flatten(arrayOfArrays)`: the elements of its arrays in one; NULL where one of them is NULL.

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_list::{Gather, list};
use crate::rows::{self, Column, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("flatten", bind)
    .usage("flatten(arrayOfArrays) - Returns the elements of all its arrays in one array.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let (array, inner) = list(call, 0)?;
    let DataType::List(element) = inner.data_type().clone() else {
        return Err(call.unexpected_type(0, "\"ARRAY\" of \"ARRAY\""));
    };
    let nullable = array.nullable || inner.is_nullable();
    Ok(call.kernel("", vec![array], DataType::List(element.clone()), nullable, move |arguments| {
        let outer = Lists::of(arguments, 0)?;
        let inner = Column { array: outer.array.values().as_list::<i32>().clone(), constant: false };
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![inner.array.values().clone()], rows);
        for row in 0..rows {
            let mut valid = outer.range(row).is_some();
            for index in outer.range(row).unwrap_or(0..0) {
                match inner.range(index) {
                    Some(range) => gather.pick_all(0, range),
                    None => valid = false,
                }
            }
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
