//! `<`: whether one value comes before another.

use datafusion::logical_expr::Operator;
use floe_base::Result;

use super::_compare;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("<", bind).usage("expr1 < expr2 - Returns true if `expr1` is less than `expr2`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    _compare::bind(call, Operator::Lt, "<")
}
