//! `avg` (`mean`) and `try_avg`: the mean of the values that are not NULL; NULL when there are none.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, IntervalUnit, IntervalYearMonthType,
    TimeUnit, i256,
};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF};
use floe_base::Result;
use floe_base::id::BackendId;
use floe_syntax::expression::CastMode;

use super::_aggregate::{Groups, spelled};
use super::_sum::{
    Addition, Checked, Floating, Overflow, Total, Totals, decimal_fits, decimal_overflow, interval_overflow,
};
use crate::cast::cast;
use crate::spelling::{Spelling, Spellings};
use crate::{Call, Function, Kernel, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::aggregate("avg", bind)
        .aliases(&["mean"])
        .usage("avg(expr) - Returns the mean calculated from values of a group."),
    Function::aggregate("try_avg", bind)
        .usage("try_avg(expr) - Returns the mean calculated from values of a group, or NULL on overflow."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let tries = call.name == "try_avg";
    let or_null = |error| if tries { Overflow::Null } else { Overflow::Raise(error) };
    match value.data_type.clone() {
        DataType::Decimal128(precision, scale) => {
            let sum = DataType::Decimal128(precision.saturating_add(10).min(38), scale);
            let mean = DataType::Decimal128(precision.saturating_add(4).min(38), scale.saturating_add(4).min(38));
            let raises = call.context.ansi && !tries;
            let error = decimal_overflow("try_avg", call.origin);
            let overflow = if raises { Overflow::Raise(error) } else { Overflow::Null };
            Ok(average::<Decimal128Type, Checked>(call, value, sum, mean, overflow, decimal_mean))
        }
        months @ DataType::Interval(IntervalUnit::YearMonth) => {
            let overflow = or_null(interval_overflow());
            let mean = |sum: i32, count: i64, _: &_, _: &_| i32::try_from(half_up(sum.into(), count.into())).ok();
            Ok(average::<IntervalYearMonthType, Checked>(call, value, months.clone(), months, overflow, mean))
        }
        micros @ DataType::Duration(TimeUnit::Microsecond) => {
            let overflow = or_null(interval_overflow());
            let mean = |sum: i64, count: i64, _: &_, _: &_| i64::try_from(half_up(sum.into(), count.into())).ok();
            Ok(average::<DurationMicrosecondType, Checked>(call, value, micros.clone(), micros, overflow, mean))
        }
        from if from.is_numeric() || matches!(from, DataType::Utf8 | DataType::Null) => {
            let value = cast(value, &DataType::Float64, CastMode::Session, call.context, call.origin)?;
            Ok(mean_of_doubles(call, value))
        }
        _ => Err(call.unexpected_type(0, "(\"NUMERIC\" or \"ANSI INTERVAL\")")),
    }
}

/// The mean of what is a double already.
pub(crate) fn mean_of_doubles(call: &Call<'_>, value: Typed) -> Typed {
    let double = DataType::Float64;
    let mean = |sum: f64, count: i64, _: &_, _: &_| Some(sum / count as f64);
    average::<Float64Type, Floating>(call, value, double.clone(), double, Overflow::Null, mean)
}

/// From a total, a count, the total's type and the mean's: the mean, or `None` where it does not fit.
type Mean<N> = fn(N, i64, &DataType, &DataType) -> Option<N>;

fn average<T: ArrowPrimitiveType, A: Addition<T::Native>>(
    call: &Call<'_>,
    value: Typed,
    sum: DataType,
    data_type: DataType,
    overflow: Overflow,
    mean: Mean<T::Native>,
) -> Typed {
    let key = format!("{} {}", value.data_type, matches!(overflow, Overflow::Null));
    let state = Totals::<T, A>::state(&sum);
    let spellings = spellings(&value.data_type, &sum, &data_type, call.name == "try_avg");
    spelled(call, key, vec![value], (data_type.clone(), true), state, spellings, move || {
        let totals = Totals::new(sum.clone(), overflow.clone());
        Ok(Average::<T, A> { totals, sum: sum.clone(), data_type: data_type.clone(), mean })
    })
}

/// Of doubles DuckDB has the mean; of decimals the total and the count, whose quotient it has not.
fn spellings(value: &DataType, sum: &DataType, mean: &DataType, tries: bool) -> Spellings {
    let spelling = match (value, sum) {
        _ if tries => return Spellings::new(),
        (DataType::Float64, _) => Spelling::of("avg({distinct}{0}){filter}{over}"),
        (DataType::Decimal128(..), DataType::Decimal128(..)) => {
            let parts = ["sum({distinct}{0}){filter}{over}", "count({distinct}{0}){filter}{over}"];
            Spelling {
                parts: parts.map(String::from).to_vec(),
                narrow: None,
                finish: Some(quotient(sum.clone(), mean.clone())),
            }
        }
        _ => return Spellings::new(),
    };
    vec![(BackendId::DuckDb, spelling)]
}

/// The mean of a total and a count, as a function of its own. One that does not fit raises: what it is then, an error or
/// NULL, whoever is asked next will say.
fn quotient(sum: DataType, mean: DataType) -> Arc<ScalarUDF> {
    let (key, types) = (format!("{sum} {mean}"), vec![sum.clone(), DataType::Int64]);
    let kernel = Kernel::new("avg", key, mean.clone(), true, move |arguments| {
        let (totals, counts) = (arguments.array(0)?, arguments.array(1)?);
        let totals = totals.as_primitive::<Decimal128Type>();
        let counts = counts.as_primitive::<Int64Type>();
        let each = |(total, count): (Option<i128>, Option<i64>)| {
            let (Some(total), Some(count)) = (total, count) else { return Ok(None) };
            let does_not_fit = || floe_base::Error::internal("a mean that does not fit its type");
            decimal_mean(total, count, &sum, &mean).ok_or_else(does_not_fit).map(Some)
        };
        let means: PrimitiveArray<Decimal128Type> =
            totals.iter().zip(counts.iter()).map(each).collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(Arc::new(means.with_data_type(mean.clone()))))
    });
    Arc::new(ScalarUDF::new_from_impl(kernel.taking(types)))
}

/// Quotient rounded to the nearest, halves away from zero.
fn half_up(dividend: i128, divisor: i128) -> i128 {
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    if 2 * rest.abs() >= divisor.abs() { quotient + dividend.signum() * divisor.signum() } else { quotient }
}

fn decimal_mean(sum: i128, count: i64, from: &DataType, to: &DataType) -> Option<i128> {
    let (DataType::Decimal128(_, sum_scale), DataType::Decimal128(_, scale)) = (from, to) else { return None };
    if !decimal_fits(&sum, from) {
        return None;
    }
    let factor = 10i128.pow(u32::try_from(scale - sum_scale).ok()?);
    let mean = match sum.checked_mul(factor) {
        Some(dividend) if dividend.unsigned_abs() < 1 << 126 => half_up(dividend, count.into()),
        _ => wide_half_up(i256::from_i128(sum) * i256::from_i128(factor), i256::from_i128(count.into()))?,
    };
    decimal_fits(&mean, to).then_some(mean)
}

/// The same where the dividend needs more than 128 bits.
fn wide_half_up(dividend: i256, divisor: i256) -> Option<i128> {
    let (quotient, rest) = (dividend.checked_div(divisor)?, dividend.checked_rem(divisor)?);
    let away = if dividend.is_negative() { i256::MINUS_ONE } else { i256::ONE };
    let rest = if rest.is_negative() { -rest } else { rest };
    let rounded = if rest + rest >= divisor { quotient + away } else { quotient };
    rounded.to_i128()
}

struct Average<T: ArrowPrimitiveType, A> {
    totals: Totals<T, A>,
    sum: DataType,
    data_type: DataType,
    mean: Mean<T::Native>,
}

impl<T: ArrowPrimitiveType, A: Addition<T::Native>> Groups for Average<T, A> {
    fn grow(&mut self, groups: usize) {
        self.totals.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.totals.update(values, groups)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.totals.merge(states, groups)
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        self.totals.states(groups)
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let mut results = Vec::with_capacity(groups);
        for total in self.totals.each(groups) {
            let Total::Of(sum, count) = total else {
                results.push(None);
                continue;
            };
            let mean = (self.mean)(sum, count, &self.sum, &self.data_type);
            if mean.is_none() {
                self.totals.overflow()?;
            }
            results.push(mean);
        }
        let results: PrimitiveArray<T> = results.into_iter().collect();
        Ok(Arc::new(results.with_data_type(self.data_type.clone())))
    }

    fn forget(&mut self, groups: usize) {
        self.totals.forget(groups);
    }

    fn size(&self) -> usize {
        self.totals.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_mean_rounds_half_up_and_survives_wide_dividends() {
        let (sum, mean) = (DataType::Decimal128(38, 0), DataType::Decimal128(38, 4));
        assert_eq!(decimal_mean(10, 3, &sum, &mean), Some(33_333));
        assert_eq!(decimal_mean(-5, 3, &sum, &mean), Some(-16_667));
        let widest = 10i128.pow(38) - 1;
        assert_eq!(decimal_mean(widest, 10_000, &sum, &mean), Some(widest));
        assert_eq!(decimal_mean(widest, 1, &sum, &mean), None);
    }
}
