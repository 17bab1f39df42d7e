//! `cume_dist()`: the share of rows not after the current one.

use arrow::datatypes::DataType;
use datafusion::functions_window::cume_dist::cume_dist_udwf;
use floe_base::Result;

use super::_window::over;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::window("cume_dist", bind)
    .usage("cume_dist() - Computes the position of a value relative to all values in the partition.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    Ok(Typed::new(over(call, cume_dist_udwf(), vec![]), DataType::Float64, false))
}
