//! `first` (`first_value`): the first value of a group, or the first that is not NULL.

use floe_base::Result;

use super::_picked::picked;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("first", bind)
    .aliases(&["first_value"])
    .usage("first(expr[, isIgnoreNull]) - Returns the first value of `expr` for a group of rows.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    picked(call, false)
}
