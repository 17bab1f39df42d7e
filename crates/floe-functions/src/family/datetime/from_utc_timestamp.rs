//! `from_utc_timestamp(timestamp, zone)`: the timestamp's clock time in UTC, as clocks of the zone show it.

use arrow::array::{PrimitiveArray, StringArray};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use floe_base::Result;

use super::_kernel::{filled, kernel, raises, timestamp};
use super::_zone::Zone;
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("from_utc_timestamp", bind)
    .usage("from_utc_timestamp(timestamp, timezone) - Moves the timestamp between UTC and the given time zone.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _] = call.exactly()?;
    let time = call.coerced(0, &timestamp(), "\"TIMESTAMP\"")?;
    let zone = call.coerced(1, &DataType::Utf8, "\"STRING\"")?;
    let result = raises(timestamp(), time.nullable || zone.nullable);
    Ok(kernel(call, "", vec![time, zone], result, |arguments| {
        let times = Column::<PrimitiveArray<TimestampMicrosecondType>>::of(arguments, 0)?;
        let zones = Column::<StringArray>::of(arguments, 1)?;
        let constant = if zones.constant { zones.at(0).map(Zone::parse).transpose()? } else { None };
        filled::<TimestampMicrosecondType>(arguments, &timestamp(), |row| {
            let (Some(micros), Some(name)) = (times.at(row), zones.at(row)) else { return Ok(None) };
            let zone = constant.map_or_else(|| Zone::parse(name), Ok)?;
            Ok(Some(zone.to_local(micros)))
        })
    }))
}
