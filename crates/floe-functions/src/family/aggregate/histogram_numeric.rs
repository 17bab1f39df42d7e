//! `histogram_numeric(value, bins)`: the values gathered into so many bins of uneven width.
//!
//! The streaming histogram of Ben-Haim and Yom-Tov as Hive introduced it: a value is a bin of its own until there are too
//! many, then the two closest become one. Of several closest pairs Hive chooses by a generator with a fixed seed, which
//! makes the choice part of the answer; it is kept here.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast as cast_array;
use arrow::datatypes::{
    DataType, DurationMicrosecondType, Field, Fields, Float64Type, Int32Type, Int64Type, IntervalUnit,
    IntervalYearMonthType,
};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_aggregate::own;
use super::_collected::{Collected, End};
use super::_constant::{constant, out_of_range, unexpected_null};
use super::_java_random::JavaRandom;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("histogram_numeric", bind)
    .usage("histogram_numeric(expr, nb) - Computes a histogram on numeric 'expr' using nb bins.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, _] = call.exactly()?;
    let of = value.data_type.clone();
    let fits = match &of {
        DataType::Date32 | DataType::Timestamp(..) | DataType::Duration(_) => true,
        DataType::Interval(unit) => *unit == IntervalUnit::YearMonth,
        other => other.is_numeric(),
    };
    if !fits {
        let required = "(\"NUMERIC\", \"DATE\", \"TIMESTAMP\", \"TIMESTAMP_NTZ\", \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\")";
        return Err(call.unexpected_type(0, required));
    }
    let ScalarValue::Int32(Some(bins)) = constant(call, 1, &DataType::Int32, "nb", "INT")? else {
        return Err(unexpected_null(call, "nb"));
    };
    if bins < 2 {
        return Err(out_of_range(call, "nb", "[2, 2147483647]", bins.to_string()));
    }
    let members: Fields = vec![Field::new("x", of.clone(), true), Field::new("y", DataType::Float64, true)].into();
    let bin = DataType::Struct(members.clone());
    let list = super::_aggregate::list_of(&bin, true);
    let (result, result_of) = (list.clone(), of.clone());
    let finish = move |columns: &[ArrayRef]| {
        if columns[0].is_empty() {
            return Ok(ScalarValue::try_from(&result)?);
        }
        let mut histogram = Histogram::new(bins as usize);
        as_doubles(&columns[0])?.into_iter().for_each(|value| histogram.add(value));
        let x = from_doubles(histogram.bins.iter().map(|bin| bin.0).collect(), &result_of)?;
        let y = Float64Array::from_iter_values(histogram.bins.iter().map(|bin| bin.1));
        let found = StructArray::try_new(members.clone(), vec![x, Arc::new(y)], None)?;
        let field = Arc::new(Field::new("element", found.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths([found.len()]);
        Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, Arc::new(found), None)?)))
    };
    let end = End::With(list.clone(), Arc::new(finish));
    let types = vec![of.clone()];
    Ok(own(call, format!("{of} {bins}"), vec![value], (list, true), Collected::state(&types), move || {
        Ok(Collected::new(types.clone(), end.clone()))
    }))
}

fn as_doubles(values: &ArrayRef) -> Result<Vec<f64>> {
    Ok(match values.data_type() {
        DataType::Interval(_) => {
            values.as_primitive::<IntervalYearMonthType>().values().iter().map(|value| f64::from(*value)).collect()
        }
        DataType::Duration(_) => {
            values.as_primitive::<DurationMicrosecondType>().values().iter().map(|value| *value as f64).collect()
        }
        DataType::Date32 => {
            let days = cast_array(values, &DataType::Int32)?;
            days.as_primitive::<Int32Type>().values().iter().map(|value| f64::from(*value)).collect()
        }
        DataType::Timestamp(..) => {
            let micros = cast_array(values, &DataType::Int64)?;
            micros.as_primitive::<Int64Type>().values().iter().map(|value| *value as f64).collect()
        }
        _ => cast_array(values, &DataType::Float64)?.as_primitive::<Float64Type>().values().to_vec(),
    })
}

/// Back to the type of the values; whole ones lose the fraction.
fn from_doubles(values: Vec<f64>, data_type: &DataType) -> Result<ArrayRef> {
    use arrow::array::{DurationMicrosecondArray, Int32Array, Int64Array, IntervalYearMonthArray};
    Ok(match data_type {
        DataType::Interval(_) => {
            Arc::new(IntervalYearMonthArray::from_iter_values(values.into_iter().map(|value| value as i32)))
        }
        DataType::Duration(_) => {
            Arc::new(DurationMicrosecondArray::from_iter_values(values.into_iter().map(|value| value as i64)))
        }
        DataType::Date32 => {
            cast_array(&Int32Array::from_iter_values(values.into_iter().map(|value| value as i32)), data_type)?
        }
        DataType::Timestamp(..) => {
            cast_array(&Int64Array::from_iter_values(values.into_iter().map(|value| value as i64)), data_type)?
        }
        _ => cast_array(&Float64Array::from(values), data_type)?,
    })
}

struct Histogram {
    most: usize,
    /// Centre and count, by centre.
    bins: Vec<(f64, f64)>,
    generator: JavaRandom,
}

impl Histogram {
    fn new(most: usize) -> Self {
        Self { most, bins: Vec::new(), generator: JavaRandom::new(31183) }
    }

    fn add(&mut self, value: f64) {
        let at = self.bins.partition_point(|(centre, _)| *centre < value);
        match self.bins.get_mut(at) {
            Some((centre, count)) if *centre == value => *count += 1.0,
            _ => self.bins.insert(at, (value, 1.0)),
        }
        while self.bins.len() > self.most {
            self.join_closest();
        }
    }

    fn join_closest(&mut self) {
        let (mut closest, mut chosen, mut ties) = (f64::INFINITY, 0, 1);
        for (index, pair) in self.bins.windows(2).enumerate() {
            let [(left, _), (right, _)] = pair else { continue };
            let distance = right - left;
            if distance < closest {
                (closest, chosen, ties) = (distance, index, 1);
            } else if distance == closest {
                ties += 1;
                if self.generator.double() <= 1.0 / f64::from(ties) {
                    chosen = index;
                }
            }
        }
        let (right, right_count) = self.bins.remove(chosen + 1);
        let (left, left_count) = self.bins[chosen];
        let count = left_count + right_count;
        // In Hive's order of operations: the last digit of a centre decides which are closest later on.
        self.bins[chosen] = (left * (left_count / count) + right / count * right_count, count);
    }
}
