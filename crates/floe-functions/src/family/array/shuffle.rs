//! `shuffle(array[, seed])`: the elements in a random order.

use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_list::{Gather, list};
use super::_mersenne::Mersenne;
use crate::partition::Kept;
use crate::rows::Lists;
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("shuffle", bind).usage("shuffle(array[, seed]) - Returns the elements in a random order.")];

/// One generator for all rows of a partition; Spark 4.1 adds the partition's number to the seed.
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
    let key = format!("{seed:?}");
    let seed = seed.unwrap_or_else(rand::random);
    let generators = Kept::new(1, move |partition| Mersenne::new(seed.wrapping_add(i64::from(partition))));
    let body = move |arguments: &crate::Arguments<'_>| {
        let lists = Lists::of(arguments, 0)?;
        let mut gather = Gather::new(vec![lists.array.values().clone()], arguments.rows);
        generators.each(arguments, |random, row| {
            let range = lists.range(row);
            let valid = range.is_some();
            let range = range.unwrap_or_default();
            random.order(range.len()).into_iter().for_each(|index| gather.pick(0, range.start + index));
            gather.end_row(valid)
        })?;
        Ok(ColumnarValue::Array(gather.finish(&element)?))
    };
    let data_type = array.data_type.clone();
    Ok(Kernel::new(call.name, key, data_type, nullable, body).by_partition(1).at(call.origin).call(vec![array]))
}
