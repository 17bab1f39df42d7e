//! `unix_date(date)`: the days from 1970-01-01 to the date.

use arrow::datatypes::{DataType, Date32Type, Int32Type};
use floe_base::Result;

use super::_kernel::{gives, one};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("unix_date", bind).usage("unix_date(date) - Returns the number of days since 1970-01-01.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let date = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let result = gives(DataType::Int32, date.nullable);
    Ok(one::<Date32Type, Int32Type>(call, "", date, result, |days| Ok(Some(days))))
}
