//! `shuffle(array[, seed])`: the elements in a random order.

use std::sync::{Mutex, PoisonError};

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_list::{Gather, list};
use super::_mersenne::Mersenne;
use crate::rows::{self, Lists};
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("shuffle", bind).usage("shuffle(array[, seed]) - Returns the elements in a random order.")];

/// One generator for all rows, as in one partition of Spark's.
fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(1, 2)?;
    let (array, element) = list(call, 0)?;
    let seed = match call.arguments.len() {
        1 => None,
        _ => match call.coerced(1, &DataType::Int64, "\"BIGINT\"")?.literal() {
            Some(ScalarValue::Int64(seed)) => *seed,
            _ => None,
        },
    };
    let nullable = array.nullable;
    let random = Mutex::new(Mersenne::new(seed.unwrap_or_else(rand::random)));
    let body = move |arguments: &crate::Arguments<'_>| {
        let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
        let lists = Lists::of(arguments, 0)?;
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![lists.array.values().clone()], rows);
        for row in 0..rows {
            let range = lists.range(row);
            let valid = range.is_some();
            let range = range.unwrap_or_default();
            random.order(range.len()).into_iter().for_each(|index| gather.pick(0, range.start + index));
            gather.end_row(valid)?;
        }
        rows::finish(arguments, gather.finish(&element)?)
    };
    let data_type = array.data_type.clone();
    Ok(Kernel::new(call.name, format!("{seed:?}"), data_type, nullable, body)
        .volatile()
        .at(call.origin)
        .call(vec![array]))
}
