//! `rand` and `randn`: random numbers, even from 0 to 1 or of the normal distribution.

use std::sync::Arc;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use floe_base::Result;

use super::_random::{Random, seed, streams};
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("rand", bind_even).aliases(&["random"]).usage(
        "rand([seed]) - Returns a random value with independent and identically distributed (i.i.d.) uniformly \
         distributed values in [0, 1).",
    ),
    Function::scalar("randn", bind_normal).usage(
        "randn([seed]) - Returns a random value with independent and identically distributed (i.i.d.) values drawn \
         from the standard normal distribution.",
    ),
];

fn bind_even(call: &Call<'_>) -> Result<Typed> {
    bind(call, Random::next_double)
}

fn bind_normal(call: &Call<'_>) -> Result<Typed> {
    bind(call, Random::next_gaussian)
}

fn bind(call: &Call<'_>, draw: fn(&mut Random) -> f64) -> Result<Typed> {
    call.between(0, 1)?;
    let seed = seed(call, 0)?;
    let streams = streams(seed, 0);
    let kernel = Kernel::new(call.name, seed.to_string(), DataType::Float64, false, move |arguments| {
        let drawn = streams.each(arguments, |stream, _| Ok(draw(stream)))?;
        Ok(ColumnarValue::Array(Arc::new(Float64Array::from(drawn))))
    });
    Ok(kernel.by_partition(0).call(Vec::new()))
}
