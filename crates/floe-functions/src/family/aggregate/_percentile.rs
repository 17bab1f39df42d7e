//! What the percentiles share: their percentages, and values sorted with their frequencies.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, DurationMicrosecondType, Field, Float64Type, Int64Type, IntervalUnit, IntervalYearMonthType,
};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Result};

use super::_aggregate::{list_of, own};
use super::_collected::{Collected, End};
use super::_constant::{constant, out_of_range, unexpected_null};
use crate::{Call, Typed};

/// One percentage, or several.
#[derive(Clone, Debug)]
pub(crate) struct Percentages {
    pub(crate) values: Vec<f64>,
    pub(crate) is_array: bool,
}

/// How a percentile is read off the sorted values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    /// Between two values, in proportion.
    Continuous,
    /// One of the values.
    Discrete,
}

impl Percentages {
    /// The nth argument: a constant double or array of doubles between 0 and 1.
    pub(crate) fn of(call: &Call<'_>, index: usize) -> Result<Self> {
        let is_array = matches!(call.argument(index)?.data_type, DataType::List(_));
        let to = if is_array { list_of(&DataType::Float64, true) } else { DataType::Float64 };
        let type_name = if is_array { "ARRAY<DOUBLE>" } else { "DOUBLE" };
        let values: Vec<Option<f64>> = match constant(call, index, &to, "percentage", type_name)? {
            ScalarValue::Float64(value) => vec![value],
            ScalarValue::List(list) if list.is_valid(0) => list.value(0).as_primitive::<Float64Type>().iter().collect(),
            _ => vec![None],
        };
        let values: Option<Vec<f64>> = values.into_iter().collect();
        let values = values.ok_or_else(|| unexpected_null(call, "percentage"))?;
        if values.iter().any(|value| !(0.0..=1.0).contains(value)) {
            let shown: Vec<String> = values.iter().map(|value| format!("{value:?}D")).collect();
            return Err(out_of_range(call, "percentage", "[0.0, 1.0]", shown.join(",")));
        }
        Ok(Self { values, is_array })
    }

    pub(crate) fn half() -> Self {
        Self { values: vec![0.5], is_array: false }
    }

    /// The type of a result whose single values are of this type.
    pub(crate) fn type_over(&self, one: &DataType) -> DataType {
        if self.is_array { list_of(one, false) } else { one.clone() }
    }

    /// The results as one value.
    pub(crate) fn gather(&self, results: ArrayRef) -> Result<ScalarValue> {
        if !self.is_array {
            return Ok(ScalarValue::try_from_array(&results, 0)?);
        }
        let field = Arc::new(Field::new("element", results.data_type().clone(), false));
        let offsets = OffsetBuffer::from_lengths([results.len()]);
        Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, results, None)?)))
    }
}

/// An exact percentile of numbers or intervals; `frequency` says how often each value counts.
pub(crate) fn percentile(
    call: &Call<'_>,
    value: Typed,
    frequency: Option<Typed>,
    percentages: Percentages,
    reading: Reading,
    descending: bool,
) -> Result<Typed> {
    let one = match &value.data_type {
        interval @ (DataType::Interval(IntervalUnit::YearMonth) | DataType::Duration(_)) => interval.clone(),
        number if number.is_numeric() || matches!(number, DataType::Utf8 | DataType::Null) => DataType::Float64,
        _ => return Err(call.unexpected_type(0, "(\"NUMERIC\" or \"ANSI INTERVAL\")")),
    };
    let value = if one == DataType::Float64 {
        crate::cast::cast(value, &one, floe_syntax::expression::CastMode::Session, call.context, call.origin)?
    } else {
        value
    };
    let frequency_text = frequency.as_ref().map(|_| (call.text)(Some(2))).unwrap_or_default();
    let arguments: Vec<Typed> = std::iter::once(value).chain(frequency).collect();
    let types: Vec<DataType> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
    let returns = percentages.type_over(&one);
    let key = format!("{types:?} {percentages:?} {reading:?} {descending}");
    let (state, result) = (Collected::state(&types), returns.clone());
    let finish = move |columns: &[ArrayRef]| {
        let counted = Counted::new(columns, descending, &frequency_text)?;
        if counted.total == 0 {
            return Ok(ScalarValue::try_from(&result)?);
        }
        let read = |percentage: &f64| counted.read(*percentage, reading);
        let results: Vec<f64> = percentages.values.iter().map(read).collect();
        percentages.gather(from_doubles(results, &one))
    };
    let end = End::With(returns.clone(), Arc::new(finish));
    Ok(own(call, key, arguments, (returns, true), state, move || Ok(Collected::new(types.clone(), end.clone()))))
}

/// Sorted values, each with the count of values up to and including it.
struct Counted {
    values: Vec<f64>,
    counts: Vec<i64>,
    total: i64,
}

impl Counted {
    fn new(columns: &[ArrayRef], descending: bool, frequency_text: &str) -> Result<Self> {
        let values = as_doubles(&columns[0])?;
        let mut rows: Vec<(f64, i64)> = match columns.get(1) {
            None => values.into_iter().map(|value| (value, 1)).collect(),
            Some(frequency) => {
                let frequency = cast(frequency, &DataType::Int64)?;
                let frequency = frequency.as_primitive::<Int64Type>().iter();
                values.into_iter().zip(frequency).filter_map(|(value, count)| Some((value, count?))).collect()
            }
        };
        if let Some((_, count)) = rows.iter().find(|(_, count)| *count < 0) {
            return Err(Error::new(Kind::IllegalArgument, "NEGATIVE_VALUES_IN_FREQUENCY_EXPRESSION")
                .with("frequencyExpression", format!("\"{frequency_text}\""))
                .with("negativeValue", format!("{count}L")));
        }
        rows.retain(|(_, count)| *count > 0);
        rows.sort_by(|(left, _), (right, _)| if descending { right.total_cmp(left) } else { left.total_cmp(right) });
        let mut total = 0;
        let mut counted =
            Self { values: Vec::with_capacity(rows.len()), counts: Vec::with_capacity(rows.len()), total };
        for (value, count) in rows {
            total += count;
            counted.values.push(value);
            counted.counts.push(total);
        }
        counted.total = total;
        Ok(counted)
    }

    /// The value at a rank counted from 1.
    fn at(&self, rank: i64) -> f64 {
        let index = self.counts.partition_point(|count| *count < rank);
        self.values.get(index).or(self.values.last()).copied().unwrap_or(f64::NAN)
    }

    fn read(&self, percentage: f64, reading: Reading) -> f64 {
        if reading == Reading::Discrete {
            return self.at(((self.total as f64 * percentage).ceil() as i64).max(1));
        }
        let position = (self.total - 1) as f64 * percentage;
        let (lower, higher) = (position.floor(), position.ceil());
        let low = self.at(lower as i64 + 1);
        if lower == higher {
            return low;
        }
        let high = self.at(higher as i64 + 1);
        if low == high { low } else { (higher - position) * low + (position - lower) * high }
    }
}

fn as_doubles(values: &ArrayRef) -> Result<Vec<f64>> {
    Ok(match values.data_type() {
        DataType::Interval(_) => {
            values.as_primitive::<IntervalYearMonthType>().values().iter().map(|value| f64::from(*value)).collect()
        }
        DataType::Duration(_) => {
            values.as_primitive::<DurationMicrosecondType>().values().iter().map(|value| *value as f64).collect()
        }
        _ => values.as_primitive::<Float64Type>().values().to_vec(),
    })
}

/// Intervals lose what is less than their unit.
fn from_doubles(values: Vec<f64>, data_type: &DataType) -> ArrayRef {
    use arrow::array::{DurationMicrosecondArray, Float64Array, IntervalYearMonthArray};
    match data_type {
        DataType::Interval(_) => {
            Arc::new(IntervalYearMonthArray::from_iter_values(values.into_iter().map(|value| value as i32)))
        }
        DataType::Duration(_) => {
            Arc::new(DurationMicrosecondArray::from_iter_values(values.into_iter().map(|value| value as i64)))
        }
        _ => Arc::new(Float64Array::from(values)),
    }
}

/// The one ordering of WITHIN GROUP these functions need: the value, and whether it descends.
pub(crate) fn only_ordering(call: &Call<'_>) -> Result<(Typed, bool)> {
    let wrong = |condition: &str| {
        Error::analysis(format!("INVALID_WITHIN_GROUP_EXPRESSION.{condition}"))
            .with("funcName", format!("`{}`", call.name))
            .at(call.origin)
    };
    if call.distinct {
        return Err(wrong("DISTINCT_UNSUPPORTED"));
    }
    match call.within_group.as_slice() {
        [(value, ascending, _)] => Ok((value.clone(), !ascending)),
        [] => Err(wrong("WITHIN_GROUP_MISSING")),
        several => {
            Err(wrong("WRONG_NUM_ORDERINGS").with("expectedNum", "1").with("actualNum", several.len().to_string()))
        }
    }
}
