//! `date_trunc(unit, timestamp)`: the first instant of the unit in the session's zone; NULL for an unknown unit. The
//! result is a timestamp with local time zone whatever comes in.

use arrow::array::{PrimitiveArray, StringArray};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use floe_base::Result;

use super::_error::long_overflow;
use super::_kernel::{filled, gives, kernel, timestamp};
use super::_truncate::Unit;
use super::_zone::Zone;
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("date_trunc", bind)
    .usage("date_trunc(fmt, ts) - Returns timestamp `ts` truncated to the unit specified by the format model `fmt`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let unit = call.coerced(0, &DataType::Utf8, "\"STRING\"")?;
    let time = call.coerced(1, &timestamp(), "\"TIMESTAMP\"")?;
    let zone = Zone::of_session(call.context)?;
    Ok(kernel(call, zone, vec![unit, time], gives(timestamp(), true), move |arguments| {
        let units = Column::<StringArray>::of(arguments, 0)?;
        let times = Column::<PrimitiveArray<TimestampMicrosecondType>>::of(arguments, 1)?;
        let constant = units.constant.then(|| units.at(0).and_then(Unit::named));
        filled::<TimestampMicrosecondType>(arguments, &timestamp(), |row| {
            let unit = constant.unwrap_or_else(|| units.at(row).and_then(Unit::named));
            let (Some(micros), Some(unit)) = (times.at(row), unit) else { return Ok(None) };
            unit.of_timestamp(zone, micros).map(Some).ok_or_else(long_overflow)
        })
    }))
}
