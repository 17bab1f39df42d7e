//! `filter(array, x -> …)` or `(x, i) -> …`: the elements for which the lambda says true.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_body::{Elements, array, call_with, captured, parameter, predicate};
use crate::family::array::_list::Gather;
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("filter", bind)
        .usage("filter(expr, func) - Returns the elements for which the function is true.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (array, element) = array(call, 0)?;
    let index = parameter("i", &DataType::Int32, false);
    let lambda = predicate(call, 1, &[&[element.clone()], &[element.clone(), index]])?;
    let (nullable, body, data_type) = (array.nullable, lambda.body, array.data_type.clone());
    let arguments = [array].into_iter().chain(lambda.captured).collect();
    Ok(call_with(call, lambda.key, lambda.fallible, arguments, data_type, nullable, move |arguments| {
        let rows = rows::count(arguments);
        let elements = Elements::of(&Lists::of(arguments, 0)?, rows)?;
        let captured = captured(arguments, 1, body.captured())?;
        let parameters = [elements.values.clone(), elements.positions()];
        let keep = body.evaluate(&parameters, &elements.owners, &captured)?;
        let keep = keep.as_boolean();
        let mut gather = Gather::new(vec![elements.values.clone()], rows);
        for row in 0..rows {
            let range = elements.range(row);
            let valid = range.is_some();
            let kept = range.into_iter().flatten().filter(|index| keep.is_valid(*index) && keep.value(*index));
            kept.for_each(|index| gather.pick(0, index));
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    }))
}
