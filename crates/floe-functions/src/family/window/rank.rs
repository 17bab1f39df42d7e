//! `rank()`: one more than the number of rows before the current one; equals share a rank and leave a gap. Spark takes and ignores arguments.

use datafusion::functions_window::rank::rank_udwf;
use floe_base::Result;

use super::_window::{int, over};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::window("rank", bind).usage("rank() - Computes the rank of a value in a group of values.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    Ok(int(over(call, rank_udwf(), vec![])))
}
