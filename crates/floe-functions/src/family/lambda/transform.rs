//! `transform(array, x -> …)` or `(x, i) -> …`: the array of what the lambda makes of each element.

use std::sync::Arc;

use arrow::array::ListArray;
use arrow::datatypes::{DataType, Field, FieldRef};
use floe_base::Result;

use super::_body::{Elements, array, call_with, captured, lambda, parameter};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("transform", bind)
    .usage("transform(expr, func) - Returns the array of what the function makes of each element.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (array, element) = array(call, 0)?;
    let index = parameter("i", &DataType::Int32, false);
    let lambda = lambda(call, 1, &[&[element.clone()], &[element, index]])?;
    let item: FieldRef = match &lambda.written {
        Some(written) => Arc::new(written.to_field("element", lambda.nullable)),
        None => Arc::new(Field::new("element", lambda.data_type.clone(), lambda.nullable)),
    };
    let (nullable, body, data_type) = (array.nullable, lambda.body, DataType::List(item.clone()));
    let arguments = [array].into_iter().chain(lambda.captured).collect();
    Ok(call_with(call, lambda.key, lambda.fallible, arguments, data_type, nullable, move |arguments| {
        let elements = Elements::of(&Lists::of(arguments, 0)?, rows::count(arguments))?;
        let captured = captured(arguments, 1, body.captured())?;
        let parameters = [elements.values.clone(), elements.positions()];
        let values = body.evaluate(&parameters, &elements.owners, &captured)?;
        let lists = ListArray::try_new(item.clone(), elements.offsets, values, elements.nulls)?;
        rows::finish(arguments, Arc::new(lists))
    }))
}
