//! `any_value`: some value of a group; the first one here.

use floe_base::Result;

use super::_picked::picked;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("any_value", bind)
    .usage("any_value(expr[, isIgnoreNull]) - Returns some value of `expr` for a group of rows.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    picked(call, false)
}
