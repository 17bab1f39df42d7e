//! `make_timestamp`, `make_timestamp_ltz`, `make_timestamp_ntz` and their `try_` forms: a timestamp from its fields, the
//! seconds with a fraction. What does not exist raises under ANSI; it is NULL in the `try_` forms and without ANSI.

use arrow::array::{Decimal128Array, Int32Array, StringArray};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use floe_base::{Error, Kind, Result};

use super::_check::{self, Wrong};
use super::_error::{long_overflow, out_of_bounds};
use super::_kernel::{TIMESTAMP_NTZ, filled, gives, kernel, raises, timestamp};
use super::_zone::Zone;
use crate::rows::Column;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("make_timestamp", bind)
        .usage("make_timestamp(year, month, day, hour, min, sec[, timezone]) - Create timestamp from year, month, day, hour, min, sec and timezone fields."),
    Function::scalar("make_timestamp_ltz", bind)
        .usage("make_timestamp_ltz(year, month, day, hour, min, sec[, timezone]) - Create the current timestamp with local time zone from year, month, day, hour, min, sec and timezone fields."),
    Function::scalar("make_timestamp_ntz", bind)
        .usage("make_timestamp_ntz(year, month, day, hour, min, sec) - Create local date-time from year, month, day, hour, min, sec fields."),
    Function::scalar("try_make_timestamp", bind)
        .usage("try_make_timestamp(year, month, day, hour, min, sec[, timezone]) - Try to create a timestamp from year, month, day, hour, min, sec and timezone fields."),
    Function::scalar("try_make_timestamp_ltz", bind)
        .usage("try_make_timestamp_ltz(year, month, day, hour, min, sec[, timezone]) - Try to create the current timestamp with local time zone from year, month, day, hour, min, sec and timezone fields."),
    Function::scalar("try_make_timestamp_ntz", bind)
        .usage("try_make_timestamp_ntz(year, month, day, hour, min, sec) - Try to create local date-time from year, month, day, hour, min, sec fields."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let without_zone = call.name.ends_with("_ntz")
        || (call.name.ends_with("make_timestamp") && super::_default::timestamp_type(call.context) == TIMESTAMP_NTZ);
    match call.arguments.len() {
        6 => {}
        7 if !call.name.ends_with("_ntz") => {}
        2 | 3 => return Err(Error::unsupported(format!("`{}` of a date and a time of day", call.name)).at(call.origin)),
        _ => return Err(call.wrong_count(if call.name.ends_with("_ntz") { "[2, 6]" } else { "[2, 3, 6, 7]" })),
    }
    let mut values =
        (0..5).map(|index| call.coerced(index, &DataType::Int32, "\"INT\"")).collect::<Result<Vec<_>>>()?;
    values.push(call.coerced(5, &DataType::Decimal128(16, 6), "\"DECIMAL(16,6)\"")?);
    if call.arguments.len() == 7 {
        values.push(call.coerced(6, &DataType::Utf8, "\"STRING\"")?);
    }
    let raising = call.context.ansi && !call.name.starts_with("try_");
    let nullable = values.iter().any(|value| value.nullable);
    let data_type = if without_zone { TIMESTAMP_NTZ } else { timestamp() };
    let outcome = if raising { raises(data_type.clone(), nullable) } else { gives(data_type.clone(), true) };
    let session = Zone::of_session(call.context)?;
    let has_zone = values.len() == 7;
    Ok(kernel(call, format!("{session} {data_type}"), values, outcome, move |arguments| {
        let fields = (0..5).map(|index| Column::<Int32Array>::of(arguments, index)).collect::<Result<Vec<_>>>()?;
        let seconds = Column::<Decimal128Array>::of(arguments, 5)?;
        let zones = if has_zone { Some(Column::<StringArray>::of(arguments, 6)?) } else { None };
        filled::<TimestampMicrosecondType>(arguments, &data_type, |row| {
            let mut numbers = [0; 5];
            for (number, field) in numbers.iter_mut().zip(&fields) {
                let Some(value) = field.at(row) else { return Ok(None) };
                *number = i64::from(value);
            }
            let Some(micros) = seconds.at(row) else { return Ok(None) };
            let zone = match &zones {
                None => session,
                Some(zones) => match zones.at(row) {
                    None => return Ok(None),
                    Some(name) if raising => Zone::parse(name)?,
                    Some(name) => match Zone::named(name) {
                        Some(zone) => zone,
                        None => return Ok(None),
                    },
                },
            };
            let made = _check::timestamp(numbers, i64::try_from(micros).unwrap_or(i64::MAX)).and_then(|local| {
                match (without_zone, &zones) {
                    (true, None) => Ok(local),
                    // With a zone and without one in the result, the time is shown in the session's.
                    (true, Some(_)) => {
                        zone.to_instant(local).map(|instant| session.to_local(instant)).ok_or(Wrong::Overflow)
                    }
                    (false, _) => zone.to_instant(local).ok_or(Wrong::Overflow),
                }
            });
            match made {
                Ok(made) => Ok(Some(made)),
                Err(_) if !raising => Ok(None),
                Err(Wrong::Field(message)) => Err(out_of_bounds(message)),
                Err(Wrong::Seconds(micros)) => Err(fraction(micros)),
                Err(Wrong::Overflow) => Err(long_overflow()),
            }
        })
    }))
}

fn fraction(micros: i64) -> Error {
    Error::new(Kind::DateTime, "INVALID_FRACTION_OF_SECOND").with("secAndMicros", format!("{:?}", micros as f64 / 1e6))
}
