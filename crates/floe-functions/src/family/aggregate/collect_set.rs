//! `collect_set`: the distinct values of a group that are not NULL. Spark gives them in no particular order; here they
//! come in the order they were first seen.

use arrow::datatypes::DataType;
use floe_base::{Error, Result};

use super::_aggregate::{list_of, own};
use super::_collected::{Collected, End};
use super::_distinct::Distinct;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("collect_set", bind)
    .usage("collect_set(expr) - Collects and returns a set of unique elements.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    if holds_map(&value.data_type) {
        return Err(Error::analysis("DATATYPE_MISMATCH.UNSUPPORTED_INPUT_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", "`collect_set`")
            .with("dataType", "\"MAP\" or \"COLLATED STRING\"")
            .at(call.origin));
    }
    let types = vec![value.data_type.clone()];
    let state = Collected::state(&types);
    let list = list_of(&value.data_type, false);
    Ok(own(call, value.data_type.to_string(), vec![value], (list, false), state, move || {
        Distinct::new(Box::new(Collected::new(types.clone(), End::List)), types.clone())
    }))
}

/// Spark refuses maps inside too.
fn holds_map(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) => true,
        DataType::List(element) => holds_map(element.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_map(field.data_type())),
        _ => false,
    }
}
