//! `element_at(array, index)`, `element_at(map, key)` and their `try_` form: an element from 1 or from the end, or the
//! value of a key.

use arrow::array::UInt64Array;
use arrow::compute::take;
use arrow::datatypes::DataType;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_list::{list, wider_but_text};
use super::extract_value::{index_is_safe, value_of_key};
use crate::family::map::_entries::entry_fields;
use crate::family::string::_text::int;
use crate::rows::{self, Ints, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("element_at", element_at).usage(
        "element_at(array, index) - Returns the element at index (from 1; negative: from the end), or a map's value.",
    ),
    Function::scalar("try_element_at", try_element_at)
        .usage("try_element_at(array, index) - Returns the element at index, or NULL where there is none."),
];

fn element_at(call: &Call<'_>) -> Result<Typed> {
    bind(call, call.context.ansi)
}

fn try_element_at(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn bind(call: &Call<'_>, raises: bool) -> Result<Typed> {
    let [value, key] = call.exactly()?;
    if let DataType::Map(..) = value.data_type {
        return of_map(call, value, key);
    }
    if !matches!(value.data_type, DataType::List(_)) {
        return Err(call.unexpected_type(0, "(\"ARRAY\" or \"MAP\")"));
    }
    let (array, element) = list(call, 0)?;
    if !matches!(key.data_type, DataType::Int8 | DataType::Int16 | DataType::Int32) {
        return Err(call.unexpected_type(1, "\"INT\""));
    }
    let index = int(call, 1)?;
    let nullable = match index_is_safe(&array, &index, true) {
        Some(safe) => !safe,
        None => !raises || element.is_nullable() || array.nullable || index.nullable,
    };
    let data_type = element.data_type().clone();
    let body = move |arguments: &crate::Arguments<'_>| {
        let (lists, indices) = (Lists::of(arguments, 0)?, Ints::of(arguments, 1)?);
        let pick = |row: usize| {
            let (Some(range), Some(index)) = (lists.range(row), indices.at(row)) else { return Ok(None) };
            if index == 0 {
                return Err(Error::new(Kind::Runtime, "INVALID_INDEX_OF_ZERO"));
            }
            let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
            if distance <= range.len() {
                let at = if index > 0 { range.start + distance - 1 } else { range.end - distance };
                return Ok(Some(at as u64));
            }
            if raises { Err(out_of_bounds(index, range.len())) } else { Ok(None) }
        };
        let picks: UInt64Array = (0..rows::count(arguments)).map(pick).collect::<Result<_>>()?;
        rows::finish(arguments, take(lists.array.values(), &picks, None)?)
    };
    Ok(call.raising(format!("{raises}"), vec![array, index], data_type, nullable, body))
}

/// Unlike `map[key]`, a key is not cast to the map's type unless that loses nothing.
fn of_map(call: &Call<'_>, map: Typed, key: Typed) -> Result<Typed> {
    let (key_field, _) = entry_fields(&map.data_type)?;
    if wider_but_text(call, key_field.data_type(), &key.data_type).is_none() {
        return Err(Error::analysis("DATATYPE_MISMATCH.MAP_FUNCTION_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("dataType", "\"MAP\"")
            .with("leftType", format!("\"{}\"", map.spark_type().sql()))
            .with("rightType", format!("\"{}\"", key.spark_type().sql()))
            .at(call.origin));
    }
    value_of_key(call, map, key)
}

fn out_of_bounds(index: i32, size: usize) -> Error {
    Error::new(Kind::ArrayIndex, "INVALID_ARRAY_INDEX_IN_ELEMENT_AT")
        .with("indexValue", index.to_string())
        .with("arraySize", size.to_string())
}
