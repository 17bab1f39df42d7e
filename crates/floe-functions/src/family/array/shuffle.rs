//! `shuffle(array[, seed])`: the elements in a random order.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::_list::{Gather, list};
use crate::rows::{self, Lists};
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("shuffle", bind).usage("shuffle(array[, seed]) - Returns the elements in a random order.")];

/// With a seed the order is the same at each run, but not the one Spark's generator gives.
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
    let body = move |arguments: &crate::Arguments<'_>| {
        let mut random = match seed {
            Some(seed) => StdRng::seed_from_u64(seed.cast_unsigned()),
            None => StdRng::from_os_rng(),
        };
        let lists = Lists::of(arguments, 0)?;
        let rows = rows::count(arguments);
        let mut gather = Gather::new(vec![lists.array.values().clone()], rows);
        for row in 0..rows {
            let range = lists.range(row);
            let valid = range.is_some();
            let mut indices: Vec<usize> = range.into_iter().flatten().collect();
            indices.shuffle(&mut random);
            indices.into_iter().for_each(|index| gather.pick(0, index));
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
