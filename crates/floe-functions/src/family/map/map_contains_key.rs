//! `map_contains_key(map, key)`: is there an entry of that key.

use arrow::array::Array;
use arrow::datatypes::DataType;
use floe_base::{Error, Result};

use super::_entries::{entry_fields, map_of};
use crate::family::array::_list::{equal_elements, to, wider_but_text};
use crate::family::array::extract_value::keys_of;
use crate::rows::{self, Column, Maps};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("map_contains_key", bind)
    .usage("map_contains_key(map, key) - Returns true where the map has the key.")];

/// Spark 4.1 declares it nullable whatever its arguments are.
fn bind(call: &Call<'_>) -> Result<Typed> {
    let [map, key] = call.exactly()?;
    let mismatch = || {
        Error::analysis("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("dataType", "\"MAP\"")
            .with("leftType", format!("\"{}\"", map.spark_type().sql()))
            .with("rightType", format!("\"{}\"", key.spark_type().sql()))
            .at(call.origin)
    };
    if !matches!(map.data_type, DataType::Map(..)) {
        return Err(mismatch());
    }
    if key.data_type == DataType::Null {
        return Err(Error::analysis("DATATYPE_MISMATCH.NULL_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .at(call.origin));
    }
    let (key_field, value_field) = entry_fields(&map.data_type)?;
    let shared = wider_but_text(call, key_field.data_type(), &key.data_type).ok_or_else(mismatch)?;
    let map_type =
        map_of(&key_field.as_ref().clone().with_data_type(shared.clone()), &value_field, value_field.is_nullable());
    let (map, key) = (to(call, map, &map_type)?, to(call, key, &shared)?);
    Ok(call.kernel("", vec![map, key], DataType::Boolean, true, |arguments| {
        let (maps, keys) = (Maps::of(arguments, 0)?, rows::any(arguments, 1)?);
        let lists = Column { array: keys_of(&maps.array)?, constant: maps.constant };
        let equal = equal_elements(&lists, &keys, arguments)?;
        rows::booleans(arguments, |row| {
            let (Some(mut range), true) = (lists.range(row), keys.array.is_valid(keys.place(row))) else {
                return Ok(None);
            };
            Ok(Some(range.any(|index| equal.value(index))))
        })
    }))
}
