//! `explode`, `posexplode` and their `_outer` forms: a row for each element of an array or entry of a map.
//!
//! What is OUTER about the second form is the resolver's work.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use floe_base::Result;

use crate::family::lambda::_body::Elements;
use crate::family::map::_entries::entry_fields;
use crate::family::map::_lists::as_lists;
use crate::rows::{self, Lists, Maps};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::generator("explode", plain)
        .aliases(&["explode_outer"])
        .usage("explode(expr) - Returns a row for each element (col) or entry (key, value)."),
    Function::generator("posexplode", counted)
        .aliases(&["posexplode_outer"])
        .usage("posexplode(expr) - Returns a row for each element or entry with its place (pos)."),
];

fn plain(call: &Call<'_>) -> Result<Typed> {
    bind(call, false)
}

fn counted(call: &Call<'_>) -> Result<Typed> {
    bind(call, true)
}

fn bind(call: &Call<'_>, counts: bool) -> Result<Typed> {
    let [value] = call.exactly()?;
    let (is_map, members): (bool, Vec<FieldRef>) = match &value.data_type {
        DataType::List(element) => (false, vec![Arc::new(element.as_ref().clone().with_name("col"))]),
        DataType::Map(..) => {
            let (key, value) = entry_fields(&value.data_type)?;
            (true, vec![key, value])
        }
        _ => return Err(call.unexpected_type(0, "(\"ARRAY\" or \"MAP\")")),
    };
    let position = counts.then(|| Arc::new(Field::new("pos", DataType::Int32, false)));
    let fields: Fields = position.into_iter().chain(members).collect();
    let element: FieldRef = Arc::new(Field::new("element", DataType::Struct(fields.clone()), false));
    let nullable = value.nullable;
    Ok(call.kernel("", vec![value], DataType::List(element.clone()), nullable, move |arguments| {
        let lists = if is_map { as_lists(&Maps::of(arguments, 0)?)? } else { Lists::of(arguments, 0)? };
        let elements = Elements::of(&lists, rows::count(arguments))?;
        let mut columns: Vec<ArrayRef> = if counts { vec![elements.positions()] } else { Vec::new() };
        match is_map {
            true => columns.extend(elements.values.as_struct().columns().iter().cloned()),
            false => columns.push(elements.values.clone()),
        }
        let length = elements.values.len();
        let structs = StructArray::try_new_with_length(fields.clone(), columns, None, length)?;
        let lists = ListArray::try_new(element.clone(), elements.offsets, Arc::new(structs), elements.nulls)?;
        rows::finish(arguments, Arc::new(lists))
    }))
}
