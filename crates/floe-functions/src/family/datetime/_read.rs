//! Texts read by a pattern inside a kernel: what `to_timestamp`, `to_date` and `unix_timestamp` share.

use arrow::array::{ArrowPrimitiveType, StringArray};
use arrow::datatypes::{DataType, Date32Type, Int64Type, TimestampMicrosecondType};
use floe_base::{Error, Kind, Result};

use super::_civil::{MICROS_PER_SECOND, date32};
use super::_compiled::{Patterns, check_policy};
use super::_error::long_overflow;
use super::_kernel::{TIMESTAMP_NTZ, filled, gives, kernel, raises, timestamp};
use super::_pattern_read::Read;
use super::_zone::Zone;
use crate::rows::Column;
use crate::{Call, Typed};

/// What becomes of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Instant,
    Local,
    Date,
    /// Seconds since 1970.
    Seconds,
}

/// The kernel. Where it does not raise, a text that does not follow the pattern is NULL; a bad pattern always raises.
/// `instead` is the function Spark recommends in its error.
pub(crate) fn read(
    call: &Call<'_>,
    text: Typed,
    pattern: Typed,
    target: Target,
    raising: bool,
    instead: &'static str,
) -> Result<Typed> {
    check_policy(call)?;
    let zone = Zone::of_session(call.context)?;
    Ok(match target {
        Target::Instant => {
            of::<TimestampMicrosecondType>(call, text, pattern, raising, instead, timestamp(), (zone, target))
        }
        Target::Local => {
            of::<TimestampMicrosecondType>(call, text, pattern, raising, instead, TIMESTAMP_NTZ, (zone, target))
        }
        Target::Seconds => of::<Int64Type>(call, text, pattern, raising, instead, DataType::Int64, (zone, target)),
        Target::Date => of::<Date32Type>(call, text, pattern, raising, instead, DataType::Date32, (zone, target)),
    })
}

fn of<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    text: Typed,
    pattern: Typed,
    raising: bool,
    instead: &'static str,
    data_type: DataType,
    (zone, target): (Zone, Target),
) -> Typed
where
    T::Native: TryFrom<i64>,
{
    let nullable = !raising || text.nullable || pattern.nullable;
    let mut outcome = if raising { raises(data_type.clone(), nullable) } else { gives(data_type.clone(), nullable) };
    // A bad pattern raises even where a bad text does not, unless it is known to be good.
    outcome.fallible = raising || !is_good(&pattern);
    kernel(call, format!("{zone} {target:?} {raising} {instead}"), vec![text, pattern], outcome, move |arguments| {
        let texts = Column::<StringArray>::of(arguments, 0)?;
        let mut patterns = Patterns::of(arguments, 1, true)?;
        filled::<T>(arguments, &data_type, |row| {
            // A pattern is not looked at before there is a text: Spark does not complain of a bad one then.
            let Some(text) = texts.at(row) else { return Ok(None) };
            let Some(pattern) = patterns.at(row)? else { return Ok(None) };
            match pattern.read(text) {
                Ok(read) => match value(read, zone, target).and_then(|value| value.try_into().ok()) {
                    None if raising => Err(long_overflow()),
                    value => Ok(value),
                },
                Err(why) if raising => Err(cannot_parse(&why, instead)),
                Err(_) => Ok(None),
            }
        })
    })
}

fn is_good(pattern: &Typed) -> bool {
    match pattern.literal() {
        Some(datafusion::scalar::ScalarValue::Utf8(Some(pattern))) => {
            super::_pattern::Pattern::compile(pattern, true).is_ok()
        }
        _ => false,
    }
}

fn value(read: Read, session: Zone, target: Target) -> Option<i64> {
    let local = read.time.micros()?;
    let instant = || read.zone.unwrap_or(session).to_instant(local);
    match target {
        Target::Local => Some(local),
        Target::Instant => instant(),
        Target::Seconds => Some(instant()?.div_euclid(MICROS_PER_SECOND)),
        Target::Date => date32(session.days(instant()?)).map(i64::from),
    }
}

fn cannot_parse(why: &str, instead: &str) -> Error {
    Error::new(Kind::DateTime, "CANNOT_PARSE_TIMESTAMP").with("message", why).with("func", format!("`{instead}`"))
}
