//! `transform_keys(map, (k, v) -> …)` and `transform_values(map, (k, v) -> …)`: new keys, or new values.

use arrow::array::AsArray;
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_body::{Elements, call_with, captured, lambda};
use crate::family::map::_entries::{Entries, Keys, entry_fields, last_wins, map_of, map_type};
use crate::family::map::_lists::as_lists;
use crate::rows::{self, Maps};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("transform_keys", keys)
        .usage("transform_keys(expr, func) - Returns the map with the keys the function makes."),
    Function::scalar("transform_values", values)
        .usage("transform_values(expr, func) - Returns the map with the values the function makes."),
];

fn keys(call: &Call<'_>) -> Result<Typed> {
    bind(call, true)
}

fn values(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn bind(call: &Call<'_>, makes_keys: bool) -> Result<Typed> {
    let [map, _] = call.exactly()?;
    if !matches!(map.data_type, DataType::Map(..)) {
        return Err(call.unexpected_type(0, "\"MAP\""));
    }
    let (key, value) = entry_fields(&map.data_type)?;
    let lambda = lambda(call, 1, &[&[key.clone(), value.clone()]])?;
    let data_type = match makes_keys {
        true => map_type(&lambda.data_type, value.data_type(), value.is_nullable()),
        false => {
            let made = value.as_ref().clone().with_data_type(lambda.data_type.clone());
            map_of(&key, &made, lambda.nullable)
        }
    };
    let (nullable, body, last_wins) = (map.nullable, lambda.body, last_wins(call));
    let fallible = lambda.fallible || makes_keys;
    let key = format!("{makes_keys} {last_wins} {}", lambda.key);
    let arguments = [map].into_iter().chain(lambda.captured).collect();
    let result = data_type.clone();
    Ok(call_with(call, key, fallible, arguments, data_type, nullable, move |arguments| {
        let rows = rows::count(arguments);
        let elements = Elements::of(&as_lists(&Maps::of(arguments, 0)?)?, rows)?;
        let entries = elements.values.as_struct();
        let captured = captured(arguments, 1, body.captured())?;
        let made = body.evaluate(entries.columns(), &elements.owners, &captured)?;
        let (keys, values) = match makes_keys {
            true => (made, entries.column(1).clone()),
            false => (entries.column(0).clone(), made),
        };
        let keys = Keys::new(vec![keys])?;
        let mut maps = Entries::new(&keys, vec![values], rows, last_wins);
        for row in 0..rows {
            let range = elements.range(row);
            let valid = range.is_some();
            for index in range.into_iter().flatten() {
                maps.push((0, index), Some((0, index)))?;
            }
            maps.end_row(valid)?;
        }
        rows::finish(arguments, maps.finish(&result)?)
    }))
}
