//! `map_from_entries(array of struct(key, value))`: NULL where an entry is NULL.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_entries::{Entries, Keys, last_wins, map_of};
use crate::family::array::_list::list;
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("map_from_entries", bind)
    .usage("map_from_entries(arrayOfEntries) - Returns a map of an array of structs of key and value.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    const REQUIRED: &str = "\"ARRAY\" of pair \"STRUCT\"";
    let [_] = call.exactly()?;
    let (array, element) = list(call, 0)?;
    let DataType::Struct(fields) = element.data_type() else { return Err(call.unexpected_type(0, REQUIRED)) };
    let [key, value] = fields.as_ref() else { return Err(call.unexpected_type(0, REQUIRED)) };
    let data_type = map_of(key, value, value.is_nullable());
    let nullable = array.nullable || element.is_nullable();
    let (last_wins, result) = (last_wins(call), data_type.clone());
    Ok(call.raising(format!("{last_wins}"), vec![array], data_type, nullable, move |arguments| {
        let lists = Lists::of(arguments, 0)?;
        let structs = lists.array.values().as_struct().clone();
        let keys = Keys::normal(vec![structs.column(0).clone()])?;
        let rows = rows::count(arguments);
        let mut maps = Entries::new(&keys, vec![structs.column(1).clone()], rows, last_wins);
        for row in 0..rows {
            let range = lists.range(row).filter(|range| range.clone().all(|index| structs.is_valid(index)));
            let valid = range.is_some();
            for index in range.into_iter().flatten() {
                maps.push((0, index), Some((0, index)))?;
            }
            maps.end_row(valid)?;
        }
        rows::finish(arguments, maps.finish(&result)?)
    }))
}
