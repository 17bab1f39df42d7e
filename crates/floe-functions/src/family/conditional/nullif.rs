//! `nullif`: NULL where two values are equal, else the first.

use datafusion::logical_expr::Operator;
use floe_base::Result;

use crate::family::comparison::_compare;
use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("nullif", bind)
    .usage("nullif(expr1, expr2) - Returns null if `expr1` equals to `expr2`, or `expr1` otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, _] = call.exactly()?;
    let equal = _compare::bind(call, Operator::Eq, "=")?;
    let null = Typed::null(&value.data_type).with_written(value.written.clone());
    Ok(condition::choose_if(equal, null, value))
}
