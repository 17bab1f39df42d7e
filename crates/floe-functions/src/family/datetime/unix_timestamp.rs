//! `unix_timestamp` and `to_unix_timestamp`: seconds since 1970 of a date, a timestamp, or a text by a pattern.

use arrow::datatypes::{DataType, Date32Type, Int64Type, TimestampMicrosecondType};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_civil::MICROS_PER_SECOND;
use super::_error::long_overflow;
use super::_kernel::{gives, one};
use super::_read::{Target, read};
use super::_shift::midnight;
use super::_zone::Zone;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("unix_timestamp", bind)
        .usage("unix_timestamp([timeExp[, fmt]]) - Returns the UNIX timestamp of current or specified time."),
    Function::scalar("to_unix_timestamp", bind)
        .usage("to_unix_timestamp(timeExp[, fmt]) - Returns the UNIX timestamp of the given time."),
];

/// The pattern where none is given.
pub(crate) const PATTERN: &str = "yyyy-MM-dd HH:mm:ss";

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(usize::from(call.name == "to_unix_timestamp"), 2)?;
    let Some(value) = call.arguments.first().cloned() else {
        return Ok(Typed::constant(ScalarValue::from(call.context.now.div_euclid(MICROS_PER_SECOND))));
    };
    let zone = Zone::of_session(call.context)?;
    // Without ANSI Spark 4.1 declares every reading of a time nullable.
    let seconds = gives(DataType::Int64, value.nullable || !call.context.ansi);
    match &value.data_type {
        DataType::Date32 => Ok(one::<Date32Type, Int64Type>(call, zone, value, seconds, move |days| {
            let micros = midnight(zone, days.into()).ok_or_else(long_overflow)?;
            Ok(Some(micros.div_euclid(MICROS_PER_SECOND)))
        })),
        DataType::Timestamp(_, written) => {
            let is_local = written.is_none();
            let key = format!("{zone} {is_local}");
            Ok(one::<TimestampMicrosecondType, Int64Type>(call, key, value, seconds, move |micros| {
                let instant = if is_local { zone.to_instant(micros).ok_or_else(long_overflow)? } else { micros };
                // Towards zero, also before 1970 (Spark 4.1 `ToTimestamp`).
                Ok(Some(instant / MICROS_PER_SECOND))
            }))
        }
        _ => {
            let text =
                call.coerced(0, &DataType::Utf8, "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")?;
            let pattern = match call.arguments.len() {
                1 => Typed::constant(ScalarValue::from(PATTERN)),
                _ => call.coerced(1, &DataType::Utf8, "\"STRING\"")?,
            };
            read(call, text, pattern, Target::Seconds, call.context.ansi, "try_to_timestamp")
        }
    }
}
