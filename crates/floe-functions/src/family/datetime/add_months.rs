//! `add_months(start, months)`: the same day so many months later, or the last day of that month.

use arrow::datatypes::{DataType, Date32Type, Int32Type};
use floe_base::Result;

use super::_error::integer_overflow;
use super::_kernel::{raises, two};
use super::_shift::date_plus;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("add_months", bind)
    .usage("add_months(start_date, num_months) - Returns the date that is `num_months` after `start_date`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let start = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let months = call.coerced(1, &DataType::Int32, "\"INT\"")?;
    let date = raises(DataType::Date32, start.nullable || months.nullable);
    Ok(two::<Date32Type, Int32Type, Date32Type>(call, "", [start, months], date, |start, months| {
        date_plus(start, months.into(), 0).map(Some).ok_or_else(integer_overflow)
    }))
}
