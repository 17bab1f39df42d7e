//! `&`: the bits that both have.

use datafusion::logical_expr::Operator;
use floe_base::Result;

use super::_bits::binary;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("&", bind).usage("expr1 & expr2 - Returns the result of bitwise AND of `expr1` and `expr2`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    binary(call, Operator::BitwiseAnd)
}
