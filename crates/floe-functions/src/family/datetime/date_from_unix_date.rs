//! `date_from_unix_date(days)`: the date so many days after 1970-01-01.

use arrow::datatypes::{DataType, Date32Type, Int32Type};
use floe_base::Result;

use super::_kernel::{gives, one};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("date_from_unix_date", bind)
    .usage("date_from_unix_date(days) - Create date from the number of days since 1970-01-01.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let days = call.coerced(0, &DataType::Int32, "\"INT\"")?;
    let result = gives(DataType::Date32, days.nullable);
    Ok(one::<Int32Type, Date32Type>(call, "", days, result, |days| Ok(Some(days))))
}
