//! Dates and times: out of text, into text, between zones and numbers.
//!
//! Spark 4.1's grammars (`SparkDateTimeUtils`), by hand, for they take what no date library does: `2024`, `2024-1-2`,
//! `2024-01-02T`, `10:30`, seven-digit years. A local time in a gap moves forward by the gap, one in an overlap is the
//! earlier, as Java has it.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, PrimitiveArray, StringArray, TimestampMicrosecondArray};
use arrow::compute::unary;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Time64NanosecondType, TimestampMicrosecondType,
};
use floe_base::error::Kind;
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;

use super::convert::arrow_cast;
use super::decimal::Decimal;
use super::{Rules, double, number, parse};
use crate::coerce;
use crate::family::datetime::_civil::Date;
use crate::family::datetime::_zone::Zone;

pub const MICROS_PER_SECOND: i64 = 1_000_000;
pub const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Days since 1970-01-01 of a date; `None` where there is no such day.
pub fn days(year: i32, month: u32, day: u32) -> Option<i32> {
    i32::try_from(Date::new(year, month, day)?.days()).ok()
}

/// A date out of text: `2024`, `2024-1`, `2024-01-02`, and after a day and a blank or `T` anything.
pub fn date(text: &str) -> Option<i32> {
    let bytes = parse::trimmed(text).as_bytes();
    let (negative, bytes) = match bytes.first()? {
        b'-' => (true, bytes.get(1..)?),
        b'+' => (false, bytes.get(1..)?),
        _ => (false, bytes),
    };
    let mut segments = [1i32; 3];
    let (mut index, mut value, mut digits, mut at) = (0, 0i32, 0, 0);
    while let Some(&letter) = bytes.get(at).filter(|letter| !matches!(letter, b' ' | b'T')) {
        match letter {
            b'-' if index < 2 => {
                check_date_segment(index, digits)?;
                segments[index] = value;
                (index, value, digits) = (index + 1, 0, 0);
            }
            b'0'..=b'9' => {
                value = value.checked_mul(10)?.checked_add(i32::from(letter - b'0'))?;
                digits += 1;
            }
            _ => return None,
        }
        at += 1;
    }
    check_date_segment(index, digits)?;
    if index < 2 && at < bytes.len() {
        return None;
    }
    segments[index] = value;
    let year = if negative { -segments[0] } else { segments[0] };
    days(year, segments[1].try_into().ok()?, segments[2].try_into().ok()?)
}

fn check_date_segment(index: usize, digits: usize) -> Option<()> {
    let fits = if index == 0 { (4..=7).contains(&digits) } else { (1..=2).contains(&digits) };
    fits.then_some(())
}

/// What a timestamp's text says, before any zone is applied.
struct Parsed {
    year: i32,
    month: u32,
    day: u32,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    zone: Option<Zone>,
    /// A time of day without a date.
    just_time: bool,
}

impl Parsed {
    fn time_of_day(&self) -> Option<i64> {
        let valid = self.hour < 24 && self.minute < 60 && self.second < 60;
        valid.then_some(((self.hour * 60 + self.minute) * 60 + self.second) * MICROS_PER_SECOND + self.micros)
    }

    fn local_micros(&self) -> Option<i64> {
        let days = i64::from(days(self.year, self.month, self.day)?);
        days.checked_mul(MICROS_PER_DAY)?.checked_add(self.time_of_day()?)
    }
}

/// A timestamp out of text, in microseconds since 1970 UTC; `zone` is for text that names none.
pub(crate) fn timestamp(text: &str, zone: Zone, now: i64) -> Option<i64> {
    let parsed = read(text)?;
    let zone = parsed.zone.unwrap_or(zone);
    if parsed.just_time {
        return zone.to_instant(zone.days(now) * MICROS_PER_DAY + parsed.time_of_day()?);
    }
    zone.to_instant(parsed.local_micros()?)
}

/// A timestamp without time zone out of text; a zone in it is passed over.
pub fn timestamp_ntz(text: &str) -> Option<i64> {
    let parsed = read(text)?;
    if parsed.just_time { None } else { parsed.local_micros() }
}

/// A time of day out of text, in microseconds since midnight.
pub fn time_of_day(text: &str) -> Option<i64> {
    let parsed = read(text).filter(|parsed| parsed.just_time && parsed.zone.is_none())?;
    parsed.time_of_day()
}

/// `SparkDateTimeUtils.parseTimestampString`: segments of digits, each with its own closing letter.
fn read(text: &str) -> Option<Parsed> {
    let text = parse::trimmed(text);
    let bytes = text.as_bytes();
    let mut segments = [1i64, 1, 1, 0, 0, 0, 0, 0, 0];
    let (mut index, mut value, mut digits) = (0usize, 0i64, 0usize);
    let (mut fraction_digits, mut just_time, mut zone_text) = (0usize, false, None);
    let (sign, start) = match bytes.first()? {
        b'-' => (Some(-1), 1),
        b'+' => (Some(1), 1),
        _ => (None, 0),
    };
    let mut at = start;
    while let Some(&letter) = bytes.get(at) {
        if letter.is_ascii_digit() {
            if index == 6 {
                fraction_digits += 1;
            }
            // Digits after the sixth are dropped.
            if index != 6 || digits < 6 {
                value = value.checked_mul(10)?.checked_add(i64::from(letter - b'0'))?;
            }
            digits += 1;
            at += 1;
            continue;
        }
        match (index, letter) {
            (0, b'T') if at == 0 => {
                just_time = true;
                index = 3;
            }
            (0, b':') if sign.is_none() => {
                just_time = true;
                check_segment(3, digits)?;
                segments[3] = value;
                (index, value, digits) = (4, 0, 0);
            }
            (0 | 1, b'-') | (2, b' ' | b'T') | (3 | 4, b':') | (5, b'.') => {
                check_segment(index, digits)?;
                segments[index] = value;
                (index, value, digits) = (index + 1, 0, 0);
            }
            (5 | 6, _) => {
                check_segment(index, digits)?;
                segments[index] = value;
                (index, value, digits) = (7, 0, 0);
                zone_text = Some(text.get(at..)?.trim());
                at = bytes.len();
                continue;
            }
            _ => return None,
        }
        at += 1;
    }
    check_segment(index, digits)?;
    segments[index] = value;
    let fraction_shift = 6usize.saturating_sub(fraction_digits) as u32;
    let zone = match zone_text {
        Some(name) => Some(Zone::named(name)?),
        None => None,
    };
    Some(Parsed {
        year: i32::try_from(segments[0] * sign.unwrap_or(1)).ok()?,
        month: segments[1].try_into().ok()?,
        day: segments[2].try_into().ok()?,
        hour: segments[3],
        minute: segments[4],
        second: segments[5],
        micros: segments[6] * 10i64.pow(fraction_shift),
        zone,
        just_time,
    })
}

fn check_segment(index: usize, digits: usize) -> Option<()> {
    let fits = match index {
        0 => (4..=6).contains(&digits),
        6 => true,
        7 => digits <= 2,
        _ => (1..=2).contains(&digits),
    };
    fits.then_some(())
}

/// A time zone by name, as the session's context has it; `None`: there is none of that name.
///
/// Arrow knows no offsets with seconds: those lose them. What computes with zones here goes by the name.
pub fn zone(name: &str) -> Option<Tz> {
    match Zone::named(name)? {
        Zone::Fixed(seconds) => {
            let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60).parse().ok()
        }
        Zone::Region(region) => region.name().parse().ok(),
    }
}

/// `2024-01-02`; years beyond four digits carry a sign.
pub fn write_date(days: i32, out: &mut String) {
    let date = Date::of_days(i64::from(days));
    write_year(date.year, out);
    let _ = write!(out, "-{:02}-{:02}", date.month, date.day);
}

fn write_year(year: i32, out: &mut String) {
    let _ = match year {
        10_000.. => write!(out, "+{year}"),
        0..10_000 => write!(out, "{year:04}"),
        _ => write!(out, "-{:04}", year.unsigned_abs()),
    };
}

/// A local time: `2024-01-02 03:04:05.5`, zeros at the end of the fraction left out.
pub fn write_local(micros: i64, out: &mut String) {
    write_date(micros.div_euclid(MICROS_PER_DAY) as i32, out);
    out.push(' ');
    write_time(micros.rem_euclid(MICROS_PER_DAY), out);
}

/// A time of day in microseconds: `03:04:05.5`.
pub fn write_time(micros: i64, out: &mut String) {
    let seconds = micros / MICROS_PER_SECOND;
    let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = micros % MICROS_PER_SECOND;
    if fraction != 0 {
        let digits = format!("{fraction:06}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
}

/// An instant as a zone's clock shows it.
pub(crate) fn write_timestamp(micros: i64, zone: Zone, out: &mut String) {
    write_local(zone.to_local(micros), out);
}

pub(super) fn dates_of_texts(array: &StringArray, rules: &Rules) -> Result<ArrayRef> {
    parse::numbers::<Date32Type>(array, date, |text| parse::invalid(text, "DATE", Kind::DateTime), rules)
}

pub(super) fn timestamps_of_texts(array: &StringArray, zoned: bool, rules: &Rules) -> Result<ArrayRef> {
    let name = if zoned { "TIMESTAMP" } else { "TIMESTAMP_NTZ" };
    let read = |text: &str| if zoned { timestamp(text, rules.zone, rules.now) } else { timestamp_ntz(text) };
    let error = |text: &str| parse::invalid(text, name, Kind::DateTime);
    let micros = parse::numbers::<TimestampMicrosecondType>(array, read, error, rules)?;
    Ok(with_zone(micros.as_primitive::<TimestampMicrosecondType>().clone(), zoned))
}

pub(super) fn times_of_texts(array: &StringArray, rules: &Rules) -> Result<ArrayRef> {
    let read = |text: &str| time_of_day(text).map(|micros| micros * 1000);
    let error = |text: &str| parse::invalid(text, "TIME(6)", Kind::DateTime);
    parse::numbers::<Time64NanosecondType>(array, read, error, rules)
}

pub(super) fn timestamps_of_dates(array: &Date32Array, zoned: bool, rules: &Rules) -> Result<ArrayRef> {
    let zone = if zoned { rules.zone } else { Zone::UTC };
    let micros = unary::<_, _, TimestampMicrosecondType>(array, |days| {
        let local = i64::from(days).saturating_mul(MICROS_PER_DAY);
        zone.to_instant(local).unwrap_or(local)
    });
    Ok(with_zone(micros, zoned))
}

pub(super) fn dates_of_timestamps(array: &TimestampMicrosecondArray, zoned: bool, rules: &Rules) -> ArrayRef {
    let zone = if zoned { rules.zone } else { Zone::UTC };
    Arc::new(unary::<_, _, Date32Type>(array, |micros| zone.days(micros) as i32))
}

pub(super) fn between_zones(array: &TimestampMicrosecondArray, from: bool, to: bool, rules: &Rules) -> ArrayRef {
    let moved = match (from, to) {
        (true, false) => unary(array, |micros| rules.zone.to_local(micros)),
        (false, true) => unary(array, |micros| rules.zone.to_instant(micros).unwrap_or(micros)),
        _ => array.clone(),
    };
    with_zone(moved, to)
}

/// Seconds since 1970, whole or not.
pub(super) fn timestamps_of_numbers(array: &ArrayRef, rules: &Rules) -> Result<ArrayRef> {
    let micros: TimestampMicrosecondArray = match array.data_type() {
        DataType::Float32 | DataType::Float64 => {
            let from = array.data_type().clone();
            let array = arrow_cast(array, &DataType::Float64)?;
            let mut out = Vec::with_capacity(array.len());
            for value in array.as_primitive::<Float64Type>() {
                out.push(match value {
                    Some(value) => micros_of_double(value, &from, rules)?,
                    None => None,
                });
            }
            out.into()
        }
        DataType::Decimal128(..) => {
            let numbers = array.as_primitive::<Decimal128Type>();
            let scale = numbers.scale();
            // The whole product in microseconds, cut and not rounded, its lowest 64 bits.
            let micros = |digits: i128| match scale {
                0..=6 => digits.wrapping_mul(10i128.pow(6 - scale as u32)) as i64,
                _ => (digits / 10i128.pow(scale.saturating_sub(6).max(0) as u32)) as i64,
            };
            unary(numbers, micros)
        }
        _ => {
            let seconds = arrow_cast(array, &DataType::Int64)?;
            unary(seconds.as_primitive::<Int64Type>(), |seconds: i64| seconds.saturating_mul(MICROS_PER_SECOND))
        }
    };
    Ok(with_zone(micros, true))
}

fn micros_of_double(value: f64, from: &DataType, rules: &Rules) -> Result<Option<i64>> {
    let micros = value * MICROS_PER_SECOND as f64;
    if !value.is_finite() {
        return rules.refuse(|| {
            let text = number::literal(&double::double_text(value), from);
            Error::new(Kind::DateTime, "CAST_INVALID_INPUT")
                .with("expression", text)
                .with("sourceType", format!("\"{}\"", SparkType::from_arrow(from).sql()))
                .with("targetType", "\"TIMESTAMP\"")
                .at(&rules.origin)
        });
    }
    if rules.legacy() || (micros.floor() <= i64::MAX as f64 && micros.ceil() >= i64::MIN as f64) {
        return Ok(Some(micros as i64));
    }
    rules.refuse(|| {
        let text = number::literal(&double::double_text(micros), &DataType::Float64);
        number::overflow(&text, &SparkType::Double, &DataType::Int64)
    })
}

pub(super) fn numbers_of_timestamps(
    array: &TimestampMicrosecondArray,
    target: &DataType,
    rules: &Rules,
) -> Result<ArrayRef> {
    match target {
        DataType::Int64 => Ok(Arc::new(whole_seconds(array))),
        DataType::Int8 | DataType::Int16 | DataType::Int32 => narrow_seconds(array, target, rules),
        DataType::Float32 | DataType::Float64 => {
            let seconds = unary::<_, _, Float64Type>(array, |micros| micros as f64 / MICROS_PER_SECOND as f64);
            arrow_cast(&(Arc::new(seconds) as ArrayRef), target)
        }
        DataType::Decimal128(precision, scale) => {
            let mut out = Vec::with_capacity(array.len());
            for micros in array {
                // Spark divides as doubles first, and so a decimal has what a double has of the fraction.
                let number = micros.and_then(|micros| {
                    super::decimal::read(&double::double_text(micros as f64 / MICROS_PER_SECOND as f64))
                });
                out.push(match number {
                    Some(number) => match number.fit(*precision, *scale) {
                        Some(digits) => Some(digits),
                        None => rules.refuse(|| {
                            super::decimal::out_of_range(&Decimal::plain(number), *precision, *scale).at(&rules.origin)
                        })?,
                    },
                    None => None,
                });
            }
            super::convert::decimals(out, *precision, *scale)
        }
        other => Err(Error::internal(format!("a timestamp is no {other}"))),
    }
}

fn whole_seconds(array: &TimestampMicrosecondArray) -> PrimitiveArray<Int64Type> {
    unary(array, |micros: i64| micros.div_euclid(MICROS_PER_SECOND))
}

/// Seconds that do not fit are NULL even without ANSI.
fn narrow_seconds(array: &TimestampMicrosecondArray, target: &DataType, rules: &Rules) -> Result<ArrayRef> {
    let (least, most) = match target {
        DataType::Int8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
        DataType::Int16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        _ => (i64::from(i32::MIN), i64::from(i32::MAX)),
    };
    let mut out = Vec::with_capacity(array.len());
    for (row, seconds) in whole_seconds(array).iter().enumerate() {
        out.push(match seconds {
            Some(seconds) if !(least..=most).contains(&seconds) => rules.refuse(|| {
                let mut text = String::from("TIMESTAMP '");
                write_timestamp(array.value(row), rules.zone, &mut text);
                text.push('\'');
                number::overflow(&text, &SparkType::Timestamp, target)
            })?,
            seconds => seconds,
        });
    }
    arrow_cast(&(Arc::new(PrimitiveArray::<Int64Type>::from(out)) as ArrayRef), target)
}

fn with_zone(array: TimestampMicrosecondArray, zoned: bool) -> ArrayRef {
    let data_type = if zoned { coerce::timestamp() } else { coerce::timestamp_ntz() };
    Arc::new(array.with_data_type(data_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(text: &str) -> Option<String> {
        let micros = timestamp(text, Zone::named("America/New_York")?, 0)?;
        let mut out = String::new();
        write_timestamp(micros, Zone::UTC, &mut out);
        Some(out)
    }

    #[test]
    fn reads_dates_as_spark_does() {
        let read = |text: &str| {
            let mut out = String::new();
            write_date(date(text)?, &mut out);
            Some(out)
        };
        assert_eq!(read("2024").as_deref(), Some("2024-01-01"));
        assert_eq!(read(" 2024-2 ").as_deref(), Some("2024-02-01"));
        assert_eq!(read("2024-02-03 anything").as_deref(), Some("2024-02-03"));
        assert_eq!(read("2024-02-03Tx").as_deref(), Some("2024-02-03"));
        assert_eq!(read("2024-02-03x"), None);
        assert_eq!(read("2024-02-30"), None);
        assert_eq!(read("24-02-03"), None);
        assert_eq!(read("+12024-02-03").as_deref(), Some("+12024-02-03"));
    }

    #[test]
    fn reads_timestamps_as_spark_does() {
        assert_eq!(stamp("2024-01-01").as_deref(), Some("2024-01-01 05:00:00"));
        assert_eq!(stamp("2024-07-01 10:11:12.5").as_deref(), Some("2024-07-01 14:11:12.5"));
        assert_eq!(stamp("2024-01-01T10:11:12.1234567Z").as_deref(), Some("2024-01-01 10:11:12.123456"));
        assert_eq!(stamp("2024-01-01 10:11:12+1:30").as_deref(), Some("2024-01-01 08:41:12"));
        assert_eq!(stamp("2024-01-01 10:11:12 Europe/Paris").as_deref(), Some("2024-01-01 09:11:12"));
        assert_eq!(stamp("2024-01-01 10").as_deref(), Some("2024-01-01 15:00:00"));
        assert_eq!(stamp("2024-03-10 02:30:00").as_deref(), Some("2024-03-10 07:30:00"));
        assert_eq!(stamp("2024-11-03 01:30:00").as_deref(), Some("2024-11-03 05:30:00"));
        assert_eq!(stamp("2024-01-01 25:00:00"), None);
        assert_eq!(stamp("2024-01-01 10:11:12 Nowhere"), None);
    }
}
