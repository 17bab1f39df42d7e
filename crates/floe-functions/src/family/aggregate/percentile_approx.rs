//! `percentile_approx` (`approx_percentile`): one of the values, close to the percentage.
//!
//! Spark's sketch is exact up to as many values as the accuracy says (10000 unless told); this one always is. It answers
//! the least and the greatest value for percentages nearer to 0 or 1 than the accuracy tells apart, as Spark does.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{sort_to_indices, take};
use arrow::datatypes::{DataType, IntervalUnit};
use datafusion::scalar::ScalarValue;
use floe_base::Result;
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;

use super::_aggregate::own;
use super::_collected::{Collected, End};
use super::_constant::{constant, out_of_range, unexpected_null};
use super::_percentile::Percentages;
use crate::cast::cast;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("percentile_approx", bind)
    .aliases(&["approx_percentile"])
    .usage("percentile_approx(col, percentage [, accuracy]) - Returns the approximate percentile of the numeric or ansi interval column `col`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let value = ordered(call)?;
    let percentages = Percentages::of(call, 1)?;
    let accuracy = accuracy(call)?;
    let (data_type, written) = (value.data_type.clone(), value.written.clone());
    let returns = percentages.type_over(&data_type);
    let key = format!("{data_type} {percentages:?} {accuracy}");
    let result = returns.clone();
    let finish = move |columns: &[ArrayRef]| {
        let values = &columns[0];
        if values.is_empty() {
            return Ok(ScalarValue::try_from(&result)?);
        }
        let order = sort_to_indices(values, None, None)?;
        let index = |percentage: &f64| order.value(rank(*percentage, accuracy, values.len()));
        let chosen: UInt32Array = percentages.values.iter().map(|percentage| Some(index(percentage))).collect();
        percentages.gather(take(values, &chosen, None)?)
    };
    let types = vec![data_type];
    let end = End::With(returns.clone(), Arc::new(finish));
    let typed = own(call, key, vec![value], (returns.clone(), true), Collected::state(&types), move || {
        Ok(Collected::new(types.clone(), end.clone()))
    });
    Ok(typed.with_written(written.map(|written| match returns {
        DataType::List(_) => SparkType::Array { element: Box::new(written), nullable: false },
        _ => written,
    })))
}

/// Where among the sorted values a percentage stands.
fn rank(percentage: f64, accuracy: i64, values: usize) -> usize {
    let error = 1.0 / accuracy as f64;
    if percentage <= error {
        return 0;
    }
    if percentage >= 1.0 - error {
        return values - 1;
    }
    ((percentage * values as f64).ceil() as usize).clamp(1, values) - 1
}

fn ordered(call: &Call<'_>) -> Result<Typed> {
    let value = call.argument(0)?.clone();
    match &value.data_type {
        DataType::Utf8 | DataType::Null => {
            cast(value, &DataType::Float64, CastMode::Session, call.context, call.origin)
        }
        DataType::Date32 | DataType::Timestamp(..) | DataType::Duration(_) => Ok(value),
        DataType::Interval(IntervalUnit::YearMonth) => Ok(value),
        number if number.is_numeric() => Ok(value),
        _ => {
            Err(call
                .unexpected_type(0, "(\"NUMERIC\", \"DATE\", \"TIMESTAMP\", \"TIMESTAMP_NTZ\" or \"ANSI INTERVAL\")"))
        }
    }
}

fn accuracy(call: &Call<'_>) -> Result<i64> {
    if call.arguments.len() < 3 {
        return Ok(10_000);
    }
    let ScalarValue::Int64(value) = constant(call, 2, &DataType::Int64, "accuracy", "BIGINT")? else {
        return Err(unexpected_null(call, "accuracy"));
    };
    let value = value.ok_or_else(|| unexpected_null(call, "accuracy"))?;
    if !(1..=i64::from(i32::MAX)).contains(&value) {
        return Err(out_of_range(call, "accuracy", "(0, 2147483647]", format!("{value}L")));
    }
    Ok(value)
}
