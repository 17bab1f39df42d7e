//! `date_add(start, days)`: the day so many days later. Days that no `int` counts wrap round, as in Spark 4.1.

use arrow::datatypes::{DataType, Date32Type, Int32Type};
use floe_base::Result;

use super::_kernel::{gives, two};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("date_add", bind)
    .aliases(&["dateadd"])
    .usage("date_add(start_date, num_days) - Returns the date that is `num_days` after `start_date`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    // `dateadd(unit, n, timestamp)` is the other spelling of `timestampadd`.
    if call.arguments.len() == 3 {
        return super::timestampadd::bind(call);
    }
    let [_, days] = call.exactly()?;
    let start = call.coerced(0, &DataType::Date32, "\"DATE\"")?;
    let required = "(\"INT\" or \"SMALLINT\" or \"TINYINT\")";
    let days = match days.data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Utf8 | DataType::Null => {
            call.coerced(1, &DataType::Int32, required)?
        }
        _ => return Err(call.unexpected_type(1, required)),
    };
    let nullable = start.nullable || days.nullable;
    let date = gives(DataType::Date32, nullable);
    Ok(two::<Date32Type, Int32Type, Date32Type>(call, "", [start, days], date, |start, days| {
        Ok(Some(start.wrapping_add(days)))
    }))
}
