//! `count_if`: the rows for which a condition is true.

use arrow::datatypes::DataType;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::{lit, when};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_aggregate::native;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("count_if", bind)
    .usage("count_if(expr) - Returns the number of `TRUE` values for the expression.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let condition = call.coerced(0, &DataType::Boolean, "\"BOOLEAN\"")?;
    let fallible = condition.fallible;
    let true_or_null = when(condition.expr, lit(true)).otherwise(lit(ScalarValue::Boolean(None)))?;
    let value = Typed::new(true_or_null, DataType::Boolean, true).with_fallible(fallible);
    Ok(native(call, count_udaf(), vec![value], DataType::Int64, false))
}
