//! `=`: whether two values are the same; NULL where one is.

use datafusion::logical_expr::Operator;
use floe_base::Result;

use super::_compare;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("=", bind)
    .aliases(&["=="])
    .usage("expr1 = expr2 - Returns true if `expr1` equals `expr2`, or false otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    _compare::bind(call, Operator::Eq, "=")
}
