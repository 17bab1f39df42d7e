//! `json_array_length` and `json_object_keys`: what the outermost array or object of a text has.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field, Int32Type};
use floe_base::Result;

use super::_json::{Json, Syntax, parse};
use crate::family::array::_list::list_of;
use crate::family::string::_text::text_only;
use crate::rows::{self, Texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("json_array_length", length)
        .usage("json_array_length(jsonArray) - Returns the number of elements of the outermost array, else NULL."),
    Function::scalar("json_object_keys", keys)
        .usage("json_object_keys(json_object) - Returns the keys of the outermost object, else NULL."),
];

fn length(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    Ok(call.kernel("", vec![text_only(call, 0)?], DataType::Int32, true, |arguments| {
        let values = Texts::of(arguments, 0)?;
        rows::numbers::<Int32Type>(arguments, |row| {
            Ok(match values.at(row).map(|text| parse(text, Syntax::PLAIN)) {
                Some(Ok(Some(Json::Array(elements)))) => i32::try_from(elements.len()).ok(),
                _ => None,
            })
        })
    }))
}

fn keys(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    Ok(call.kernel("", vec![text_only(call, 0)?], list_of(&DataType::Utf8, true), true, |arguments| {
        let values = Texts::of(arguments, 0)?;
        let field = Arc::new(Field::new("element", DataType::Utf8, true));
        let mut builder = ListBuilder::new(StringBuilder::new()).with_field(field);
        for row in 0..rows::count(arguments) {
            let is_object = match values.at(row).map(|text| parse(text, Syntax::PLAIN)) {
                Some(Ok(Some(Json::Object(fields)))) => {
                    fields.iter().for_each(|(name, _)| builder.values().append_value(name));
                    true
                }
                _ => false,
            };
            builder.append(is_object);
        }
        rows::finish(arguments, Arc::new(builder.finish()))
    }))
}
