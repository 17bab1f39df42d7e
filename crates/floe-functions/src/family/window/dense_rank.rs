//! `dense_rank()`: as `rank`, without gaps.

use datafusion::functions_window::rank::dense_rank_udwf;
use floe_base::Result;

use super::_window::{int, over};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::window("dense_rank", bind)
    .usage("dense_rank() - Computes the rank of a value in a group of values, without gaps.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(int(over(call, dense_rank_udwf(), vec![])))
}
