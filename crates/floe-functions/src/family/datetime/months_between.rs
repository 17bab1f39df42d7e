//! `months_between(first, second [, round])`: months from the second time to the first, a day being a 31st of a month.

use arrow::array::BooleanArray;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_civil::{DateTime, MICROS_PER_DAY, MICROS_PER_SECOND};
use super::_kernel::{filled, gives, kernel, timestamp};
use super::_zone::Zone;
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("months_between", bind)
    .usage("months_between(timestamp1, timestamp2[, roundOff]) - Returns the number of months from `timestamp2` to `timestamp1`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let first = call.coerced(0, &timestamp(), "\"TIMESTAMP\"")?;
    let second = call.coerced(1, &timestamp(), "\"TIMESTAMP\"")?;
    let round = match call.arguments.len() {
        2 => Typed::constant(ScalarValue::from(true)),
        _ => call.coerced(2, &DataType::Boolean, "\"BOOLEAN\"")?,
    };
    let zone = Zone::of_session(call.context)?;
    let values = vec![first, second, round];
    let result = gives(DataType::Float64, values.iter().any(|value| value.nullable));
    Ok(kernel(call, zone, values, result, move |arguments| {
        let first = Column::<arrow::array::PrimitiveArray<TimestampMicrosecondType>>::of(arguments, 0)?;
        let second = Column::<arrow::array::PrimitiveArray<TimestampMicrosecondType>>::of(arguments, 1)?;
        let round = Column::<BooleanArray>::of(arguments, 2)?;
        filled::<Float64Type>(arguments, &DataType::Float64, |row| {
            let (Some(first), Some(second), Some(round)) = (first.at(row), second.at(row), round.at(row)) else {
                return Ok(None);
            };
            let months = months(zone.to_local(first), zone.to_local(second));
            Ok(Some(if round { (months * 1e8 + 0.5).floor() / 1e8 } else { months }))
        })
    }))
}

/// Hive's way: whole months where the days of the month agree or both are the last; else days and seconds as a share of 31 days.
fn months(first: i64, second: i64) -> f64 {
    const SECONDS_PER_MONTH: f64 = 31.0 * 86_400.0;
    let (from, to) = (DateTime::of_micros(second).date, DateTime::of_micros(first).date);
    let months = (i64::from(to.year) - i64::from(from.year)) * 12 + i64::from(to.month) - i64::from(from.month);
    if from.day == to.day || (from.is_last_of_month() && to.is_last_of_month()) {
        return months as f64;
    }
    let seconds_of_day = |micros: i64| micros.rem_euclid(MICROS_PER_DAY) / MICROS_PER_SECOND;
    let days = i64::from(to.day) - i64::from(from.day);
    let seconds = days * 86_400 + seconds_of_day(first) - seconds_of_day(second);
    months as f64 + seconds as f64 / SECONDS_PER_MONTH
}
