//! `last_day(date)`: the last day of the date's month.

use arrow::datatypes::{DataType, Date32Type};
use floe_base::Result;

use super::_civil::Date;
use super::_kernel::{gives, one};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("last_day", bind)
    .usage("last_day(date) - Returns the last day of the month which the date belongs to.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let date = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let result = gives(DataType::Date32, date.nullable);
    Ok(one::<Date32Type, Date32Type>(call, "", date, result, |days| {
        // Beyond the days of an `int` Spark wraps round.
        Ok(Some(Date::of_days(days.into()).last_of_month().days() as i32))
    }))
}
