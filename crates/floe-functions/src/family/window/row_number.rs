//! `row_number()`: the rows of the partition counted from 1, in the order of the window.

use datafusion::functions_window::row_number::row_number_udwf;
use floe_base::Result;

use super::_window::{int, over};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::window("row_number", bind)
    .usage("row_number() - Assigns a unique, sequential number to each row, starting with one.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [] = call.exactly()?;
    Ok(int(over(call, row_number_udwf(), vec![])))
}
