//! `lag`: the value so many rows before the current one.

use datafusion::functions_window::lead_lag::lag_udwf;
use floe_base::Result;

use super::_shift::shift;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::window("lag", bind)
    .usage("lag(input[, offset[, default]]) - Returns the value of `input` at the `offset`th row before the current row in the window.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    shift(call, lag_udwf())
}
