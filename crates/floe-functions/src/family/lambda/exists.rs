//! `exists(array, x -> …)` and `forall(array, x -> …)`: is the lambda true of some element, of every element; NULL where
//! a NULL leaves it open.

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use floe_base::Result;

use super::_body::{Elements, array, call_with, captured, predicate};
use crate::rows::{self, Lists};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("exists", exists)
        .usage("exists(expr, pred) - Returns true where the function is true of an element."),
    Function::scalar("forall", forall)
        .usage("forall(expr, pred) - Returns true where the function is true of every element."),
];

/// `spark.sql.legacy.followThreeValuedLogicInArrayExists` off makes an open answer false.
fn exists(call: &Call<'_>) -> Result<Typed> {
    let open = call.context.conf("spark.sql.legacy.followThreeValuedLogicInArrayExists", "true") == "true";
    bind(call, true, if open { None } else { Some(false) })
}

fn forall(call: &Call<'_>) -> Result<Typed> {
    bind(call, false, None)
}

/// `decisive` is the answer of one element that settles the whole.
fn bind(call: &Call<'_>, decisive: bool, open: Option<bool>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let (array, element) = array(call, 0)?;
    let lambda = predicate(call, 1, &[&[element]])?;
    let nullable = array.nullable || lambda.nullable;
    let body = lambda.body;
    let key = format!("{open:?} {}", lambda.key);
    let arguments = [array].into_iter().chain(lambda.captured).collect();
    Ok(call_with(call, key, lambda.fallible, arguments, DataType::Boolean, nullable, move |arguments| {
        let elements = Elements::of(&Lists::of(arguments, 0)?, rows::count(arguments))?;
        let captured = captured(arguments, 1, body.captured())?;
        let answers = body.evaluate(std::slice::from_ref(&elements.values), &elements.owners, &captured)?;
        let answers = answers.as_boolean();
        rows::booleans(arguments, |row| {
            let Some(mut range) = elements.range(row) else { return Ok(None) };
            if range.clone().any(|index| answers.is_valid(index) && answers.value(index) == decisive) {
                return Ok(Some(decisive));
            }
            Ok(if range.any(|index| answers.is_null(index)) { open } else { Some(!decisive) })
        })
    }))
}
