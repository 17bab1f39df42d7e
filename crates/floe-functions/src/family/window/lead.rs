//! `lead`: the value so many rows after the current one.

use datafusion::functions_window::lead_lag::lead_udwf;
use floe_base::Result;

use super::_shift::shift;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::window("lead", bind)
    .usage("lead(input[, offset[, default]]) - Returns the value of `input` at the `offset`th row after the current row in the window.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    shift(call, lead_udwf())
}
