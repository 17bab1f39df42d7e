//! `nullifzero`: NULL for zero, else the number.

use datafusion::logical_expr::Operator;
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::family::comparison::_compare;
use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("nullifzero", bind)
    .usage("nullifzero(expr) - Returns null if `expr` is equal to zero, or `expr` otherwise.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let zero = Typed::constant(ScalarValue::Int32(Some(0)));
    let pair = Call { arguments: vec![value.clone(), zero], within_group: Vec::new(), ..*call };
    let equal = _compare::bind(&pair, Operator::Eq, "=")?;
    let null = Typed::null(&value.data_type).with_written(value.written.clone());
    Ok(condition::choose_if(equal, null, value))
}
