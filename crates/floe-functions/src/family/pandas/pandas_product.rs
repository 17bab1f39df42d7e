//! `pandas_product(value, dropna)`: the product of a column of pandas-on-Spark; 1 over no values.
//!
//! Spark 4.1 adds up logarithms, so that the last digits of a product of doubles are those of a power.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{lit, when};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};
use floe_syntax::expression::CastMode;

use super::_pandas::drops_nulls;
use crate::cast::cast;
use crate::family::aggregate::_statistics::{product, statistic};
use crate::{Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("pandas_product", bind).internal()];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, _] = call.exactly()?;
    let is_whole = coerce::is_integral(&value.data_type);
    if !is_whole && !value.data_type.is_floating() {
        return Err(Error::unsupported(format!("`{}` of {}", call.name, value.spark_type().sql())).at(call.origin));
    }
    let double = call.coerced(0, &DataType::Float64, "\"DOUBLE\"")?;
    let found = if is_whole { product(|state| of_logarithms(state).map(f64::round)) } else { product(of_logarithms) };
    let mut found = Typed { nullable: false, ..statistic(call, vec![double], found) };
    if is_whole {
        let whole = cast(found, &DataType::Int64, CastMode::Session, call.context, call.origin)?;
        found = Typed { nullable: false, ..whole };
    }
    if drops_nulls(call, 1)? {
        return Ok(found);
    }
    let nulls = (crate::find("count_if").ok_or_else(|| call.wrong_count("2"))?.bind)(&Call {
        arguments: vec![Typed::new(value.expr.is_null(), DataType::Boolean, false)],
        ..call.clone()
    })?;
    let none = lit(ScalarValue::try_from(&found.data_type)?);
    let expr = when(nulls.expr.gt(lit(0i64)), none).otherwise(found.expr)?;
    Ok(Typed::new(expr, found.data_type, true).with_fallible(found.fallible))
}

#[expect(clippy::unnecessary_wraps, reason = "a statistic may be NULL; this one is not")]
fn of_logarithms([logarithms, negatives, zeros]: &[f64; 3]) -> Option<f64> {
    let sign = if negatives % 2.0 == 0.0 { 1.0 } else { -1.0 };
    Some(if *zeros > 0.0 { 0.0 } else { sign * logarithms.exp() })
}
