//! `least`: the least of several values, NULLs passed over.

use std::cmp::Ordering;

use floe_base::Result;

use super::_best;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("least", bind)
    .usage("least(expr, ...) - Returns the least value of all parameters, skipping null values.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    _best::bind(call, Ordering::Less)
}
