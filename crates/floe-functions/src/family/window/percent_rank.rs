//! `percent_rank()`: the rank as a share of the partition, from 0 to 1.

use arrow::datatypes::DataType;
use datafusion::functions_window::rank::percent_rank_udwf;
use floe_base::Result;

use super::_window::over;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::window("percent_rank", bind)
    .usage("percent_rank() - Computes the percentage ranking of a value in a group of values.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(Typed::new(over(call, percent_rank_udwf(), vec![]), DataType::Float64, false))
}
