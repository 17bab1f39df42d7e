//! What `min` and `max` share: which types the engine compares as Spark does, and what happens to the others.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::datatypes::{DataType, Float32Type, Float64Type, Int8Type};
use datafusion::logical_expr::AggregateUDF;
use floe_base::Result;

use super::_aggregate::native;
use super::_best::{best, orderable};
use super::_fold::fold;
use super::_text_extreme::text_extreme;
use crate::{Call, Typed};

pub(crate) fn extreme(call: &Call<'_>, function: Arc<AggregateUDF>, greatest: bool) -> Result<Typed> {
    let [value] = call.exactly()?;
    orderable(call, &value.data_type)?;
    let written = value.written.clone();
    let name = in_duckdb(greatest);
    let found = match value.data_type.clone() {
        DataType::Boolean => boolean_extreme(call, value, greatest),
        // The engine takes no NaN into its extremes; in Spark NaN is the greatest.
        DataType::Float32 if greatest => fold::<Float32Type>(call, value, name, |a, b| if below(a, b) { b } else { a }),
        DataType::Float32 => fold::<Float32Type>(call, value, name, |a, b| if below(b, a) { b } else { a }),
        DataType::Float64 if greatest => fold::<Float64Type>(call, value, name, |a, b| if below(a, b) { b } else { a }),
        DataType::Float64 => fold::<Float64Type>(call, value, name, |a, b| if below(b, a) { b } else { a }),
        data_type if data_type.is_nested() || data_type.is_null() || matches!(data_type, DataType::Interval(_)) => {
            best(call, value.clone(), value, greatest)
        }
        data_type @ (DataType::Utf8 | DataType::Binary) => {
            native(call, text_extreme(greatest), vec![value], data_type, true)
        }
        data_type => native(call, function, vec![value], data_type, true),
    };
    Ok(found.with_written(written))
}

/// `bool_or` is the maximum of booleans and `bool_and` the minimum; they are folded as small integers.
pub(crate) fn boolean_extreme(call: &Call<'_>, value: Typed, greatest: bool) -> Typed {
    let (expr, fallible) = (value.expr, value.fallible);
    let as_number = datafusion::logical_expr::cast(expr, DataType::Int8);
    let number = Typed::new(as_number, DataType::Int8, value.nullable).with_fallible(fallible);
    let found = fold::<Int8Type>(call, number, in_duckdb(greatest), if greatest { i8::max } else { i8::min });
    let expr = datafusion::logical_expr::cast(found.expr, DataType::Boolean);
    Typed::new(expr, DataType::Boolean, true).with_fallible(fallible)
}

/// There NaN is the greatest too.
fn in_duckdb(greatest: bool) -> &'static str {
    if greatest { "max" } else { "min" }
}

fn below<N: PartialOrd + Copy>(left: N, right: N) -> bool {
    match left.partial_cmp(&right) {
        Some(order) => order == Ordering::Less,
        // One is NaN: it is the right one exactly when the left one equals itself.
        None => left.partial_cmp(&left).is_some(),
    }
}
