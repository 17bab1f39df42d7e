//! `listagg` (`string_agg`): the values of a group that are not NULL, one after the other, a delimiter between them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_aggregate::own;
use super::_collected::{Collected, End, sorted};
use super::_constant::constant;
use super::_in_order::{Order, depending};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("listagg", bind)
    .aliases(&["string_agg"])
    .usage("listagg(expr[, delimiter])[ WITHIN GROUP (ORDER BY key [ASC | DESC] [,...])] - Returns the concatenation of non-NULL input values, separated by the delimiter ordered by key.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let value = match call.argument(0)?.data_type {
        DataType::Binary => call.argument(0)?.clone(),
        _ => call.coerced(0, &DataType::Utf8, "(\"STRING\" or \"BINARY\")")?,
    };
    let delimiter = delimiter(call, &value.data_type)?;
    matches_distinct(call, &value)?;
    let mut arguments = vec![value.clone()];
    let mut keys = Vec::new();
    for (key, ascending, nulls_first) in &call.within_group {
        keys.push((arguments.len(), !ascending, *nulls_first));
        arguments.push(key.clone());
    }
    let types: Vec<DataType> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
    let identity = format!("{types:?} {delimiter:?} {keys:?}");
    let data_type = value.data_type;
    let result = data_type.clone();
    let finish = move |columns: &[ArrayRef]| {
        let sorted = sorted(columns, &keys)?;
        Ok(joined(&sorted[0], &delimiter, &result))
    };
    let end = End::With(data_type.clone(), Arc::new(finish));
    let state = Collected::state(&types);
    let make = move || Ok(Collected::new(types.clone(), end.clone()));
    let listed = own(call, identity, arguments, (data_type, true), state, make);
    Ok(if call.within_group.is_empty() { depending(listed, Order::Gathers) } else { listed })
}

fn delimiter(call: &Call<'_>, data_type: &DataType) -> Result<Vec<u8>> {
    if call.arguments.len() < 2 || call.argument(1)?.data_type.is_null() {
        return Ok(Vec::new());
    }
    let type_name = if data_type == &DataType::Binary { "BINARY" } else { "STRING" };
    Ok(match constant(call, 1, data_type, "delimiter", type_name)? {
        ScalarValue::Utf8(Some(text)) => text.into_bytes(),
        ScalarValue::Binary(Some(bytes)) => bytes,
        _ => Vec::new(),
    })
}

/// With DISTINCT the order must be that of the values themselves (Spark 4.1).
fn matches_distinct(call: &Call<'_>, value: &Typed) -> Result<()> {
    let same =
        |key: &Typed| key.expr == value.expr || Some(&key.expr) == call.arguments.first().map(|first| &first.expr);
    if !call.distinct || call.within_group.iter().all(|(key, ..)| same(key)) {
        return Ok(());
    }
    let orderings: Vec<String> = call.within_group.iter().map(|(key, ..)| format!("\"{}\"", key.expr)).collect();
    Err(Error::analysis("INVALID_WITHIN_GROUP_EXPRESSION.MISMATCH_WITH_DISTINCT_INPUT")
        .with("funcName", "`listagg`")
        .with("funcArg", format!("\"{}\"", (call.text)(Some(0))))
        .with("orderingExpr", orderings.join(", "))
        .at(call.origin))
}

fn joined(values: &ArrayRef, delimiter: &[u8], data_type: &DataType) -> ScalarValue {
    let mut joined: Option<Vec<u8>> = None;
    for row in 0..values.len() {
        let value = match data_type {
            DataType::Binary => values.as_binary::<i32>().value(row),
            _ => values.as_string::<i32>().value(row).as_bytes(),
        };
        match &mut joined {
            None => joined = Some(value.to_vec()),
            Some(joined) => joined.extend_from_slice(&[delimiter, value].concat()),
        }
    }
    match data_type {
        DataType::Binary => ScalarValue::Binary(joined),
        _ => ScalarValue::Utf8(joined.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
    }
}
