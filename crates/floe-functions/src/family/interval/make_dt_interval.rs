//! `make_dt_interval([days [, hours [, minutes [, seconds]]]])`: an interval of days to seconds.

use arrow::array::{Decimal128Array, Int32Array};
use arrow::datatypes::{DataType, DurationMicrosecondType, TimeUnit};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_overflow::interval_overflow;
use crate::family::datetime::_civil::{MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE};
use crate::family::datetime::_kernel::{filled, kernel, raises};
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("make_dt_interval", bind)
    .usage("make_dt_interval([days[, hours[, mins[, secs]]]]) - Make DayTimeIntervalType duration from days, hours, mins and secs.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(0, 4)?;
    let mut values = Vec::new();
    for index in 0..3 {
        values.push(match call.arguments.get(index) {
            None => Typed::constant(ScalarValue::from(0i32)),
            Some(_) => call.coerced(index, &DataType::Int32, "\"INT\"")?,
        });
    }
    values.push(match call.arguments.get(3) {
        None => Typed::constant(ScalarValue::Decimal128(Some(0), 18, 6)),
        Some(_) => call.coerced(3, &DataType::Decimal128(18, 6), "\"DECIMAL(18,6)\"")?,
    });
    let data_type = DataType::Duration(TimeUnit::Microsecond);
    let result = raises(data_type.clone(), values.iter().any(|value| value.nullable));
    let origin = call.origin.clone();
    Ok(kernel(call, "", values, result, move |arguments| {
        let days = Column::<Int32Array>::of(arguments, 0)?;
        let hours = Column::<Int32Array>::of(arguments, 1)?;
        let minutes = Column::<Int32Array>::of(arguments, 2)?;
        let seconds = Column::<Decimal128Array>::of(arguments, 3)?;
        filled::<DurationMicrosecondType>(arguments, &data_type, |row| {
            let (Some(day), Some(hour), Some(minute), Some(micros)) =
                (days.at(row), hours.at(row), minutes.at(row), seconds.at(row))
            else {
                return Ok(None);
            };
            let total = i128::from(day) * i128::from(MICROS_PER_DAY)
                + i128::from(hour) * i128::from(MICROS_PER_HOUR)
                + i128::from(minute) * i128::from(MICROS_PER_MINUTE)
                + micros;
            i64::try_from(total).map(Some).map_err(|_| interval_overflow(&origin))
        })
    }))
}
