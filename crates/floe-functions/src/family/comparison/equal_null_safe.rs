//! `<=>`: whether two values are the same, or both NULL.

use datafusion::logical_expr::Operator;
use floe_base::Result;

use super::_compare;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("<=>", bind).aliases(&["equal_null"]).usage("expr1 <=> expr2 - Returns same result as the EQUAL(=) operator for non-null operands, but returns true if both are null, false if one of them is null.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    _compare::bind(call, Operator::IsNotDistinctFrom, "<=>")
}
