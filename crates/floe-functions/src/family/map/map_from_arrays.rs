//! `map_from_arrays(keys, values)`: a map of two arrays of one length.

use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_entries::{Entries, Keys, last_wins, map_of};
use crate::family::array::_list::list;
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("map_from_arrays", bind)
        .usage("map_from_arrays(keys, values) - Returns a map of the two arrays.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let ((keys, key), (values, value)) = (list(call, 0)?, list(call, 1)?);
    let data_type = map_of(&key, &value, value.is_nullable());
    let (nullable, last_wins, result) = (keys.nullable || values.nullable, last_wins(call), data_type.clone());
    Ok(call.raising(format!("{last_wins}"), vec![keys, values], data_type, nullable, move |arguments| {
        let (lists, values) = (Lists::of(arguments, 0)?, Lists::of(arguments, 1)?);
        let keys = Keys::new(vec![lists.array.values().clone()])?;
        let rows = rows::count(arguments);
        let mut maps = Entries::new(&keys, vec![values.array.values().clone()], rows, last_wins);
        for row in 0..rows {
            let (Some(keys), Some(values)) = (lists.range(row), values.range(row)) else {
                maps.end_row(false)?;
                continue;
            };
            if keys.len() != values.len() {
                return Err(Error::new(Kind::Runtime, "_LEGACY_ERROR_TEMP_2128"));
            }
            for (key, value) in keys.zip(values) {
                maps.push((0, key), Some((0, value)))?;
            }
            maps.end_row(true)?;
        }
        rows::finish(arguments, maps.finish(&result)?)
    }))
}
