//! `count`: the rows whose arguments are all not NULL. `count(*)` comes as `count(1)`.

use arrow::datatypes::DataType;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::logical_expr::utils::COUNT_STAR_EXPANSION;
use datafusion::logical_expr::{Expr, lit, when};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_aggregate::native;
use super::_both::all_present;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("count", bind).usage(
    "count(expr[, expr...]) - Returns the number of rows for which the supplied expression(s) are all non-null.",
)];

fn bind(call: &Call<'_>) -> Result<Typed> {
    if call.arguments.is_empty() {
        return Err(no_arguments(call));
    }
    count(call, call.arguments.clone())
}

/// Counts rows of which all values are present. DISTINCT over several values counts structs of them.
pub(crate) fn count(call: &Call<'_>, values: Vec<Typed>) -> Result<Typed> {
    let counted = match <[Typed; 1]>::try_from(values) {
        Ok([one]) => one,
        Err(values) => {
            let then = if call.distinct { struct_of(&values) } else { lit(true) };
            let then_type = if call.distinct { struct_type(&values) } else { DataType::Boolean };
            let fallible = values.iter().any(|value| value.fallible);
            let otherwise = Expr::Literal(ScalarValue::try_from(&then_type)?, None);
            let present = when(all_present(&values), then).otherwise(otherwise)?;
            Typed::new(present, then_type, true).with_fallible(fallible)
        }
    };
    // Whatever is there in every row counts the rows: in this form the engine knows it, and may read the number from a
    // table's statistics.
    let counted = match &counted.expr {
        Expr::Literal(value, _) if !value.is_null() && !call.distinct => {
            Typed::new(Expr::Literal(COUNT_STAR_EXPANSION, None), DataType::Int64, false)
        }
        _ => counted,
    };
    Ok(native(call, count_udaf(), vec![counted], DataType::Int64, false))
}

fn struct_of(values: &[Typed]) -> Expr {
    datafusion::functions::core::r#struct().call(values.iter().map(|value| value.expr.clone()).collect())
}

/// As the engine's `struct` names the members.
fn struct_type(values: &[Typed]) -> DataType {
    let member = |(index, value): (usize, &Typed)| {
        arrow::datatypes::Field::new(format!("c{index}"), value.data_type.clone(), true)
    };
    DataType::Struct(values.iter().enumerate().map(member).collect())
}

fn no_arguments(call: &Call<'_>) -> Error {
    Error::analysis("WRONG_NUM_ARGS.WITH_SUGGESTION")
        .with("functionName", "`count`")
        .with("expectedNum", " >= 1")
        .with("actualNum", "0")
        .with("legacyNum", "0")
        .with("legacyConfKey", "\"spark.sql.legacy.allowParameterlessCount\"")
        .with("legacyConfValue", "\"true\"")
        .at(call.origin)
}
