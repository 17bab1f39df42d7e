//! `timestampdiff(unit, start, end)`, which `datediff` with three arguments is too: whole units from one local time to
//! another.

use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use floe_base::Result;

use super::_error::long_overflow;
use super::_kernel::{raises, timestamp, two};
use super::_shift::months_between;
use super::_timestamp_unit::Unit;
use super::_zone::Zone;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("timestampdiff", bind)
    .usage("timestampdiff(unit, startTimestamp, endTimestamp) - Gets the difference between the timestamps.")];

pub(crate) fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, _] = call.exactly()?;
    let (unit, name) = Unit::of(call)?;
    let start = call.coerced(1, &timestamp(), "\"TIMESTAMP\"")?;
    let end = call.coerced(2, &timestamp(), "\"TIMESTAMP\"")?;
    let zone = Zone::of_session(call.context)?;
    let result = raises(DataType::Int64, start.nullable || end.nullable);
    Ok(two::<TimestampMicrosecondType, TimestampMicrosecondType, Int64Type>(
        call,
        format!("{name} {zone}"),
        [start, end],
        result,
        move |start, end| {
            let (start, end) = (zone.to_local(start), zone.to_local(end));
            let difference = match unit {
                Unit::Months(length) => months_between(start, end) / length,
                fixed => end.checked_sub(start).ok_or_else(long_overflow)? / fixed.micros().unwrap_or(1),
            };
            Ok(Some(difference))
        },
    ))
}
