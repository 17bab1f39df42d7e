//! `inline(array of structs)` and `inline_outer`: a row for each struct, its members the columns.

use std::sync::Arc;

use arrow::array::{Array, AsArray, ListArray, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use floe_base::Result;

use crate::family::array::_list::normal_member;
use crate::rows;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::generator("inline", bind)
    .aliases(&["inline_outer"])
    .usage("inline(expr) - Returns a row for each struct of the array, its members as columns.")];

/// A struct that is NULL is a row of NULLs.
fn bind(call: &Call<'_>) -> Result<Typed> {
    let [array] = call.exactly()?;
    let DataType::List(found) = &array.data_type else { return Err(call.unexpected_type(0, "\"ARRAY<STRUCT>\"")) };
    let DataType::Struct(members) = found.data_type() else {
        return Err(call.unexpected_type(0, "\"ARRAY<STRUCT>\""));
    };
    let any_null = found.is_nullable();
    let loose = |member: &FieldRef| Arc::new(member.as_ref().clone().with_nullable(any_null || member.is_nullable()));
    let fields: Fields = members.iter().map(loose).collect();
    let element: FieldRef = Arc::new(Field::new("element", DataType::Struct(fields.clone()), false));
    let nullable = array.nullable;
    Ok(call.kernel("", vec![array], DataType::List(element.clone()), nullable, move |arguments| {
        let lists = rows::any(arguments, 0)?;
        let (_, offsets, values, nulls) = lists.array.as_list::<i32>().clone().into_parts();
        let structs = values.as_struct();
        let rows_len = structs.len();
        let columns = structs.columns().iter().map(|column| normal_member(column, structs.nulls()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let rows_of = StructArray::try_new_with_length(fields.clone(), columns, None, rows_len)?;
        rows::finish(arguments, Arc::new(ListArray::try_new(element.clone(), offsets, Arc::new(rows_of), nulls)?))
    }))
}
