//! `between`: whether a value is neither less than one nor greater than another.

use datafusion::logical_expr::Operator;
use floe_base::Result;

use super::_compare;
use crate::{Call, Function, Typed, condition};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("between", bind)
    .usage("input between lower and upper - Evaluates if `input` is between `lower` and `upper`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, low, high] = call.exactly()?;
    let side = |operator, symbol, bound: Typed| {
        let pair = Call { arguments: vec![value.clone(), bound], within_group: Vec::new(), ..*call };
        _compare::bind(&pair, operator, symbol)
    };
    Ok(condition::and(side(Operator::GtEq, ">=", low)?, side(Operator::LtEq, "<=", high)?))
}
