//! `last` (`last_value`): the last value of a group, or the last that is not NULL.

use floe_base::Result;

use super::_picked::picked;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("last", bind)
    .aliases(&["last_value"])
    .usage("last(expr[, isIgnoreNull]) - Returns the last value of `expr` for a group of rows.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    picked(call, true)
}
