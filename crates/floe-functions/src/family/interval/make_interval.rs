//! `make_interval` and `try_make_interval`: an interval of months, days and microseconds, each counted for itself.
//! What grows too long raises under ANSI; else, and in the `try_` form, it is NULL.

use arrow::array::{Decimal128Array, Int32Array};
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use crate::family::datetime::_civil::{MICROS_PER_HOUR, MICROS_PER_MINUTE};
use crate::family::datetime::_error::integer_overflow;
use crate::family::datetime::_kernel::{filled, gives, kernel, raises};
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("make_interval", bind)
        .usage("make_interval([years[, months[, weeks[, days[, hours[, mins[, secs]]]]]]]) - Make interval from years, months, weeks, days, hours, mins and secs."),
    Function::scalar("try_make_interval", bind)
        .usage("try_make_interval([years[, months[, weeks[, days[, hours[, mins[, secs]]]]]]]) - Make interval from its fields, or NULL on overflow."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(0, 7)?;
    let mut values = Vec::new();
    for index in 0..6 {
        values.push(match call.arguments.get(index) {
            None => Typed::constant(ScalarValue::from(0i32)),
            Some(_) => call.coerced(index, &DataType::Int32, "\"INT\"")?,
        });
    }
    values.push(match call.arguments.get(6) {
        None => Typed::constant(ScalarValue::Decimal128(Some(0), 18, 6)),
        Some(_) => call.coerced(6, &DataType::Decimal128(18, 6), "\"DECIMAL(18,6)\"")?,
    });
    let raising = call.context.ansi && call.name == "make_interval";
    let data_type = DataType::Interval(IntervalUnit::MonthDayNano);
    let nullable = !raising || values.iter().any(|value| value.nullable);
    let result = if raising { raises(data_type.clone(), nullable) } else { gives(data_type.clone(), nullable) };
    Ok(kernel(call, raising, values, result, move |arguments| {
        let numbers = (0..6).map(|index| Column::<Int32Array>::of(arguments, index)).collect::<Result<Vec<_>>>()?;
        let seconds = Column::<Decimal128Array>::of(arguments, 6)?;
        filled::<IntervalMonthDayNanoType>(arguments, &data_type, |row| {
            let mut fields = [0i64; 6];
            for (field, number) in fields.iter_mut().zip(&numbers) {
                let Some(value) = number.at(row) else { return Ok(None) };
                *field = i64::from(value);
            }
            let Some(micros) = seconds.at(row) else { return Ok(None) };
            match made(fields, micros) {
                None if raising => Err(integer_overflow()),
                interval => Ok(interval),
            }
        })
    }))
}

/// `None` where a part does not fit. The engine counts nanoseconds where Spark counts microseconds: times beyond 292 years
/// do not fit here.
fn made([years, months, weeks, days, hours, minutes]: [i64; 6], micros: i128) -> Option<IntervalMonthDayNano> {
    let months = i32::try_from(years * 12 + months).ok()?;
    let days = i32::try_from(weeks * 7 + days).ok()?;
    let micros =
        i128::from(hours) * i128::from(MICROS_PER_HOUR) + i128::from(minutes) * i128::from(MICROS_PER_MINUTE) + micros;
    let nanoseconds = i64::try_from(micros * 1000).ok()?;
    Some(IntervalMonthDayNano { months, days, nanoseconds })
}
