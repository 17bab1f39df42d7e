//! `date_format(timestamp, pattern)`: the timestamp as the session's clocks show it, written by the pattern.

use arrow::array::PrimitiveArray;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use floe_base::Result;

use super::_compiled::{Patterns, check_policy};
use super::_kernel::{kernel, raises, timestamp};
use super::_written::written;
use super::_zone::Zone;
use crate::rows::{Column, texts};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("date_format", bind)
    .usage("date_format(timestamp, fmt) - Converts `timestamp` to a value of string in the format specified by the date format `fmt`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let time = call.coerced(0, &timestamp(), "\"TIMESTAMP\"")?;
    let pattern = call.coerced(1, &DataType::Utf8, "\"STRING\"")?;
    check_policy(call)?;
    let zone = Zone::of_session(call.context)?;
    let text = raises(DataType::Utf8, time.nullable || pattern.nullable);
    Ok(kernel(call, zone, vec![time, pattern], text, move |arguments| {
        let times = Column::<PrimitiveArray<TimestampMicrosecondType>>::of(arguments, 0)?;
        let mut patterns = Patterns::of(arguments, 1, false)?;
        texts(arguments, |row, out| {
            let Some(micros) = times.at(row) else { return Ok(false) };
            let Some(pattern) = patterns.at(row)? else { return Ok(false) };
            written(pattern, micros, zone, out)
        })
    }))
}
