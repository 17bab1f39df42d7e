//! `map_keys`, `map_values`, `map_entries`: what a map holds, as arrays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, MapArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use floe_base::Result;

use super::_entries::{entry_fields, map_type};
use crate::family::array::_list::relabel;
use crate::rows::{self, Maps};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("map_keys", keys).usage("map_keys(map) - Returns the keys as an array."),
    Function::scalar("map_values", values).usage("map_values(map) - Returns the values as an array."),
    Function::scalar("map_entries", entries).usage("map_entries(map) - Returns the entries as an array of structs."),
];

/// Spark 4.1 declares the elements nullable though keys never are, and values may not be.
fn keys(call: &Call<'_>) -> Result<Typed> {
    bind(call, |key, _| renamed(key, true), |map| map.keys().clone())
}

fn values(call: &Call<'_>) -> Result<Typed> {
    bind(call, |_, value| renamed(value, true), |map| map.values().clone())
}

fn entries(call: &Call<'_>) -> Result<Typed> {
    let element = |key: &FieldRef, value: &FieldRef| {
        Field::new("element", DataType::Struct(vec![key.clone(), value.clone()].into()), false)
    };
    bind(call, element, |map| Arc::new(map.entries().clone()))
}

fn renamed(field: &FieldRef, nullable: bool) -> Field {
    field.as_ref().clone().with_name("element").with_nullable(nullable)
}

fn bind(call: &Call<'_>, element: fn(&FieldRef, &FieldRef) -> Field, part: fn(&MapArray) -> ArrayRef) -> Result<Typed> {
    let [map] = call.exactly()?;
    let map = match map.data_type {
        DataType::Null => Typed::null(&map_type(&DataType::Null, &DataType::Null, true)),
        _ => map,
    };
    if !matches!(map.data_type, DataType::Map(..)) {
        return Err(call.unexpected_type(0, "\"MAP\""));
    }
    let (key, value) = entry_fields(&map.data_type)?;
    let element: FieldRef = Arc::new(element(&key, &value));
    let nullable = map.nullable;
    Ok(call.kernel("", vec![map], DataType::List(element.clone()), nullable, move |arguments| {
        let maps = Maps::of(arguments, 0)?.array;
        let elements = relabel(&part(&maps), element.data_type())?;
        let lists = ListArray::try_new(element.clone(), maps.offsets().clone(), elements, maps.nulls().cloned())?;
        rows::finish(arguments, Arc::new(lists))
    }))
}
