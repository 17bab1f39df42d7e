//! `datediff(end, start)` (`date_diff`): the days from the second date to the first.

use arrow::datatypes::{DataType, Date32Type, Int32Type};
use floe_base::Result;

use super::_kernel::{gives, two};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("datediff", bind)
    .aliases(&["date_diff"])
    .usage("datediff(endDate, startDate) - Returns the number of days from `startDate` to `endDate`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    // `datediff(unit, start, end)` is the other spelling of `timestampdiff`.
    if call.arguments.len() == 3 {
        return super::timestampdiff::bind(call);
    }
    let [_, _] = call.exactly()?;
    let end = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let start = call.coerced(1, &DataType::Date32, "\"DATE\"")?;
    let days = gives(DataType::Int32, end.nullable || start.nullable);
    Ok(two::<Date32Type, Date32Type, Int32Type>(call, "", [end, start], days, |end, start| {
        Ok(Some(end.wrapping_sub(start)))
    }))
}
