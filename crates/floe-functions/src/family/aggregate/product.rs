//! `product(value)`: the product of a group, of the DataFrame API only.

use arrow::datatypes::Float64Type;
use floe_base::Result;

use super::_fold::fold;
use super::_statistics::one_double;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("product", bind).internal()];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = one_double(call)?.try_into().map_err(|_| call.wrong_count("1"))?;
    Ok(fold::<Float64Type>(call, value, "product", |so_far, value| so_far * value))
}
