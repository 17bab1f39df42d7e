//! Conditions over several arguments of an aggregate.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, lit, when};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::Typed;

/// True where none of the values is NULL.
pub(crate) fn all_present(values: &[Typed]) -> Expr {
    let nullable = values.iter().filter(|value| value.nullable);
    nullable.map(|value| value.expr.clone().is_not_null()).reduce(Expr::and).unwrap_or_else(|| lit(true))
}

/// A value where the other is present too, else NULL.
pub(crate) fn where_both(value: &Typed, other: &Typed) -> Result<Typed> {
    let none = Expr::Literal(ScalarValue::try_from(&value.data_type)?, None);
    let expr = when(all_present(std::slice::from_ref(other)), value.expr.clone()).otherwise(none)?;
    Ok(Typed::new(expr, value.data_type.clone(), true).with_fallible(value.fallible || other.fallible))
}

/// A call's two arguments as doubles.
pub(crate) fn two_doubles(call: &crate::Call<'_>) -> Result<(Typed, Typed)> {
    let [_, _] = call.exactly()?;
    let double = DataType::Float64;
    Ok((call.coerced(0, &double, "\"DOUBLE\"")?, call.coerced(1, &double, "\"DOUBLE\"")?))
}
