//! `json_tuple(jsonStr, p1, …)`: a row of the outermost object's fields, as text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, StringBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use floe_base::{Error, Result};

use crate::family::json::_json::{Json, Syntax, parse};
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::generator("json_tuple", bind).usage(
    "json_tuple(jsonStr, p1, p2, …) - Returns a row of the fields of those names as text; columns are c0, c1, …",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    if call.arguments.len() < 2 {
        return Err(call.wrong_count("> 1"));
    }
    if call.arguments.iter().any(|argument| argument.data_type != DataType::Utf8) {
        return Err(Error::analysis("DATATYPE_MISMATCH.NON_STRING_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("funcName", "`json_tuple`")
            .at(call.origin));
    }
    let count = call.arguments.len() - 1;
    let fields: Fields = (0..count).map(|index| Field::new(format!("c{index}"), DataType::Utf8, true)).collect();
    let element: FieldRef = Arc::new(Field::new("element", DataType::Struct(fields.clone()), false));
    let arguments = call.arguments.clone();
    Ok(call.kernel("", arguments, DataType::List(element.clone()), false, move |arguments| {
        let values = Texts::of(arguments, 0)?;
        let names = (1..=count).map(|index| Texts::of(arguments, index)).collect::<Result<Vec<_>>>()?;
        let mut columns: Vec<StringBuilder> = (0..count).map(|_| StringBuilder::new()).collect();
        for row in rows::each(arguments) {
            let row = row?;
            let object = match values.at(row).map(|text| parse(text, Syntax::PLAIN)) {
                Some(Ok(Some(Json::Object(fields)))) => fields,
                _ => Vec::new(),
            };
            for (column, name) in columns.iter_mut().zip(&names) {
                // Of fields of one name the last counts.
                let name = name.at(row);
                let found = object.iter().rev().find(|(field, _)| Some(field.as_ref()) == name);
                column.append_option(found.and_then(|(_, value)| as_text(value)));
            }
        }
        let columns = columns.into_iter().map(|mut column| Arc::new(column.finish()) as ArrayRef).collect();
        let structs = StructArray::try_new(fields.clone(), columns, None)?;
        let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(1, structs.len()));
        rows::finish(arguments, Arc::new(ListArray::try_new(element.clone(), offsets, Arc::new(structs), None)?))
    }))
}

fn as_text(value: &Json<'_>) -> Option<String> {
    match value {
        Json::Null => None,
        Json::Text(text) => Some(text.to_string()),
        other => {
            let mut out = String::new();
            other.write(&mut out);
            Some(out)
        }
    }
}
