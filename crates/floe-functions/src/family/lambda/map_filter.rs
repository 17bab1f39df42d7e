//! `map_filter(map, (k, v) -> …)`: the entries for which the lambda says true.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_body::{Elements, call_with, captured, predicate};
use crate::family::map::_entries::{Entries, Keys, entry_fields};
use crate::family::map::_lists::as_lists;
use crate::rows::{self, Maps};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("map_filter", bind)
    .usage("map_filter(expr, func) - Returns the entries for which the function is true.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [map, _] = call.exactly()?;
    if !matches!(map.data_type, DataType::Map(..)) {
        return Err(call.unexpected_type(0, "\"MAP\""));
    }
    let (key, value) = entry_fields(&map.data_type)?;
    let lambda = predicate(call, 1, &[&[key, value]])?;
    let (nullable, data_type, body) = (map.nullable, map.data_type.clone(), lambda.body);
    let arguments = [map].into_iter().chain(lambda.captured).collect();
    let result = data_type.clone();
    Ok(call_with(call, lambda.key, lambda.fallible, arguments, data_type, nullable, move |arguments| {
        let rows = rows::count(arguments);
        let elements = Elements::of(&as_lists(&Maps::of(arguments, 0)?)?, rows)?;
        let entries = elements.values.as_struct();
        let captured = captured(arguments, 1, body.captured())?;
        let keep = body.evaluate(entries.columns(), &elements.owners, &captured)?;
        let keep = keep.as_boolean();
        let keys = Keys::new(vec![entries.column(0).clone()])?;
        let mut maps = Entries::new(&keys, vec![entries.column(1).clone()], rows, false);
        for row in 0..rows {
            let range = elements.range(row);
            let valid = range.is_some();
            for index in range.into_iter().flatten().filter(|index| keep.is_valid(*index) && keep.value(*index)) {
                maps.push((0, index), Some((0, index)))?;
            }
            maps.end_row(valid)?;
        }
        rows::finish(arguments, maps.finish(&result)?)
    }))
}
