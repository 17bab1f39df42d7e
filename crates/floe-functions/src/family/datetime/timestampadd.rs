//! `timestampadd(unit, n, timestamp)`, which `dateadd` and `date_add` with three arguments are too.

use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use floe_base::{Error, Kind, Result};

use super::_default::timestamp_type;
use super::_kernel::{raises, two};
use super::_shift::{plus, plus_local};
use super::_timestamp_unit::Unit;
use super::_zone::Zone;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("timestampadd", bind)
    .usage("timestampadd(unit, quantity, timestamp) - Adds the specified number of units to the given timestamp.")];

pub(crate) fn bind(call: &Call<'_>) -> Result<Typed> {
    let [_, _, time] = call.exactly()?;
    let (unit, name) = Unit::of(call)?;
    let quantity = call.coerced(1, &DataType::Int64, "\"BIGINT\"")?;
    let time = match &time.data_type {
        DataType::Timestamp(..) => time,
        _ => call.coerced(2, &timestamp_type(call.context), "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")?,
    };
    let is_local = matches!(time.data_type, DataType::Timestamp(_, None));
    let zone = if is_local { Zone::UTC } else { Zone::of_session(call.context)? };
    let result = raises(time.data_type.clone(), quantity.nullable || time.nullable);
    let key = format!("{name} {zone}");
    Ok(two::<Int64Type, TimestampMicrosecondType, TimestampMicrosecondType>(
        call,
        key,
        [quantity, time],
        result,
        move |quantity, micros| {
            added(unit, zone, quantity, micros)
                .map(Some)
                .ok_or_else(|| overflow(&name, quantity, zone, micros, is_local))
        },
    ))
}

fn added(unit: Unit, zone: Zone, quantity: i64, micros: i64) -> Option<i64> {
    let int = |number: i64| i32::try_from(number).ok().map(i64::from);
    match unit {
        Unit::Micros(length) => plus_local(micros, 0, 0, quantity.checked_mul(length)?),
        Unit::Days(length) => plus(zone, micros, 0, int(quantity.checked_mul(length)?)?, 0),
        Unit::Months(length) => plus(zone, micros, int(quantity.checked_mul(length)?)?, 0, 0),
    }
}

fn overflow(unit: &str, quantity: i64, zone: Zone, micros: i64, is_local: bool) -> Error {
    let mut time = String::new();
    crate::cast::time::write_local(zone.to_local(micros), &mut time);
    let kind = if is_local { "TIMESTAMP_NTZ" } else { "TIMESTAMP" };
    Error::new(Kind::Arithmetic, "DATETIME_OVERFLOW")
        .with("operation", format!("add {quantity}L {unit} to {kind} '{time}'"))
}
