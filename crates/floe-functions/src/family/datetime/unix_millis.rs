//! `unix_millis(timestamp)`: the milliseconds from the beginning of 1970 to the timestamp.

use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use floe_base::Result;

use super::_kernel::{gives, one, timestamp};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("unix_millis", bind)
    .usage("unix_millis(timestamp) - Returns the number of milliseconds since 1970-01-01 00:00:00 UTC.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_] = call.exactly()?;
    let time = call.coerced(0, &timestamp(), "\"TIMESTAMP\"")?;
    let result = gives(DataType::Int64, time.nullable);
    Ok(one::<TimestampMicrosecondType, Int64Type>(call, "", time, result, |micros| Ok(Some(micros.div_euclid(1000)))))
}
