//! Intervals: out of text, into text, from and to numbers.
//!
//! A year-month interval is a number of months, a day-time interval one of microseconds; which fields it shows is in
//! Spark's type alone. A calendar interval (`interval` without fields) has months, days and microseconds.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DurationMicrosecondArray, IntervalMonthDayNanoArray, IntervalYearMonthArray, StringArray,
};
use arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Int64Type, IntervalMonthDayNano, IntervalYearMonthType,
};
use floe_base::error::Kind;
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::data_type::{DayTimeField, YearMonthField};

use super::convert::arrow_cast;
use super::decimal::{self, Decimal};
use super::time::{MICROS_PER_DAY, MICROS_PER_SECOND};
use super::{Evaluation, Rules, number, parse};
use crate::coerce;

const MICROS_PER_HOUR: i64 = 3600 * MICROS_PER_SECOND;
const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;

/// `INTERVAL '1-2' YEAR TO MONTH`.
pub fn write_year_month(months: i32, from: YearMonthField, to: YearMonthField, out: &mut String) {
    let sign = if months < 0 { "-" } else { "" };
    let months = months.unsigned_abs();
    let _ = match (from, to) {
        (YearMonthField::Year, YearMonthField::Year) => write!(out, "INTERVAL '{sign}{}' YEAR", months / 12),
        (YearMonthField::Month, _) => write!(out, "INTERVAL '{sign}{months}' MONTH"),
        _ => write!(out, "INTERVAL '{sign}{}-{}' YEAR TO MONTH", months / 12, months % 12),
    };
}

/// `INTERVAL '1 02:03:04.5' DAY TO SECOND`.
pub fn write_day_time(micros: i64, from: DayTimeField, to: DayTimeField, out: &mut String) {
    use DayTimeField::{Day, Hour, Minute, Second};
    let sign = if micros < 0 { "-" } else { "" };
    let rest = micros.unsigned_abs();
    let (second, minute, hour, day) = (1_000_000u64, 60_000_000u64, 3_600_000_000u64, 86_400_000_000u64);
    let _ = write!(out, "INTERVAL '{sign}");
    let mut rest = rest;
    let mut lead = true;
    for (field, unit, before) in [(Day, day, ""), (Hour, hour, " "), (Minute, minute, ":"), (Second, second, ":")] {
        if field < from || field > to {
            continue;
        }
        let (count, left) = (rest / unit, rest % unit);
        rest = left;
        if !lead {
            out.push_str(before);
        }
        let _ = if field == Day { write!(out, "{count}") } else { write!(out, "{count:02}") };
        lead = false;
    }
    if to == Second && rest != 0 {
        let digits = format!("{rest:06}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
    let _ = write!(out, "' {}", from.name().to_uppercase());
    if from != to {
        let _ = write!(out, " TO {}", to.name().to_uppercase());
    }
}

/// `1 years 2 months 25 days 5 hours 6 minutes 7.5 seconds`.
pub fn write_calendar(value: IntervalMonthDayNano, out: &mut String) {
    let start = out.len();
    let micros = value.nanoseconds / 1000;
    let mut part = |count: i64, unit: &str| {
        if count != 0 {
            let gap = if out.len() == start { "" } else { " " };
            let _ = write!(out, "{gap}{count} {unit}");
        }
    };
    part(i64::from(value.months / 12), "years");
    part(i64::from(value.months % 12), "months");
    part(i64::from(value.days), "days");
    part(micros / MICROS_PER_HOUR, "hours");
    part(micros % MICROS_PER_HOUR / MICROS_PER_MINUTE, "minutes");
    let seconds = micros % MICROS_PER_MINUTE;
    if seconds != 0 {
        let gap = if out.len() == start { "" } else { " " };
        let sign = if seconds < 0 { "-" } else { "" };
        let (whole, fraction) = (seconds.unsigned_abs() / 1_000_000, seconds.unsigned_abs() % 1_000_000);
        let _ = write!(out, "{gap}{sign}{whole}");
        if fraction != 0 {
            let digits = format!("{fraction:06}");
            let _ = write!(out, ".{}", digits.trim_end_matches('0'));
        }
        out.push_str(" seconds");
    }
    if out.len() == start {
        out.push_str("0 seconds");
    }
}

fn year_month_fields(data_type: &SparkType) -> (YearMonthField, YearMonthField) {
    match data_type {
        SparkType::YearMonthInterval(from, to) => (*from, *to),
        _ => (YearMonthField::Year, YearMonthField::Month),
    }
}

fn day_time_fields(data_type: &SparkType) -> (DayTimeField, DayTimeField) {
    match data_type {
        SparkType::DayTimeInterval(from, to) => (*from, *to),
        _ => (DayTimeField::Day, DayTimeField::Second),
    }
}

/// The text inside `INTERVAL '…' FIELDS`, with the sign before it, or the text itself; and whether it is negative.
fn unwrapped<'a>(text: &'a str, fields: &str) -> Option<(&'a str, bool)> {
    let text = parse::trimmed(text);
    let sign = |text: &'a str| match text.as_bytes().first() {
        Some(b'-') => (&text[1..], true),
        Some(b'+') => (&text[1..], false),
        _ => (text, false),
    };
    let Some(rest) = text.get(..8).filter(|word| word.eq_ignore_ascii_case("interval")).map(|_| text[8..].trim_start())
    else {
        return Some(sign(text));
    };
    let (rest, outer) = sign(rest);
    let rest = rest.trim_start().strip_prefix('\'')?;
    let (inner, after) = rest.split_once('\'')?;
    let words: Vec<&str> = after.split_ascii_whitespace().collect();
    if !words.join(" ").eq_ignore_ascii_case(fields) {
        return None;
    }
    let (inner, negative) = sign(inner.trim());
    Some((inner, outer != negative))
}

fn count(text: &str) -> Option<i64> {
    let valid = !text.is_empty() && text.len() <= 18 && text.bytes().all(|letter| letter.is_ascii_digit());
    if valid { text.parse().ok() } else { None }
}

/// A number of months out of text such as `1-2`, by the fields of the type.
pub fn read_year_month(text: &str, from: YearMonthField, to: YearMonthField) -> Option<i32> {
    let fields = if from == to { from.name().to_string() } else { format!("{} to {}", from.name(), to.name()) };
    let (inner, negative) = unwrapped(text, &fields)?;
    let months = match (from, to) {
        (YearMonthField::Year, YearMonthField::Year) => count(inner)?.checked_mul(12)?,
        (YearMonthField::Month, _) => count(inner)?,
        _ => {
            let (years, months) = inner.split_once('-')?;
            let months = count(months).filter(|months| *months < 12)?;
            count(years)?.checked_mul(12)?.checked_add(months)?
        }
    };
    i32::try_from(if negative { -months } else { months }).ok()
}

/// A number of microseconds out of text such as `1 02:03:04.5`, by the fields of the type.
pub fn read_day_time(text: &str, from: DayTimeField, to: DayTimeField) -> Option<i64> {
    use DayTimeField::{Day, Hour, Minute, Second};
    let fields = if from == to { from.name().to_string() } else { format!("{} to {}", from.name(), to.name()) };
    let (inner, negative) = unwrapped(text, &fields)?;
    let (mut rest, mut total, mut lead) = (Some(inner), 0i64, true);
    for (field, unit, end) in [
        (Day, MICROS_PER_DAY, ' '),
        (Hour, MICROS_PER_HOUR, ':'),
        (Minute, MICROS_PER_MINUTE, ':'),
        (Second, MICROS_PER_SECOND, '\0'),
    ] {
        if field < from || field > to {
            continue;
        }
        let (part, left) = match rest?.split_once(end) {
            Some((part, left)) if field != to => (part, Some(left)),
            Some(_) => return None,
            None => (rest?, None),
        };
        rest = left;
        let (whole, fraction) = match part.split_once('.') {
            Some((whole, fraction)) if field == Second => (whole, fraction),
            Some(_) => return None,
            None => (part, ""),
        };
        let number = count(whole)?;
        let most = match field {
            Day => i64::MAX,
            Hour => 23,
            Minute | Second => 59,
        };
        if !lead && number > most {
            return None;
        }
        lead = false;
        if fraction.len() > 9 || !fraction.bytes().all(|letter| letter.is_ascii_digit()) {
            return None;
        }
        let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
        total = total.checked_add(number.checked_mul(unit)?)?.checked_add(micros)?;
    }
    if rest.is_some() {
        return None;
    }
    Some(if negative { -total } else { total })
}

/// A calendar interval out of text: `1 year -2 days 3.5 seconds`, with or without the word `interval` before it.
pub fn read_calendar(text: &str) -> Option<IntervalMonthDayNano> {
    let text = parse::trimmed(text).to_ascii_lowercase();
    let body = text.strip_prefix("interval").filter(|rest| rest.starts_with(char::is_whitespace)).unwrap_or(&text);
    let (mut months, mut days, mut micros) = (0i32, 0i32, 0i64);
    let words = separated(body);
    if words.is_empty() || words.len() % 2 != 0 {
        return None;
    }
    for pair in words.chunks(2) {
        let (number, unit) = (&pair[0], pair[1].strip_suffix('s').unwrap_or(&pair[1]));
        let negative = number.starts_with('-');
        let unsigned = number.strip_prefix(['-', '+']).unwrap_or(number);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        if unsigned.contains('.') && unit != "second" {
            return None;
        }
        let whole = if whole.is_empty() && !fraction.is_empty() { 0 } else { count(whole)? };
        let whole = if negative { -whole } else { whole };
        let narrow = |factor: i64| i32::try_from(whole.checked_mul(factor)?).ok();
        match unit {
            "year" => months = months.checked_add(narrow(12)?)?,
            "month" => months = months.checked_add(narrow(1)?)?,
            "week" => days = days.checked_add(narrow(7)?)?,
            "day" => days = days.checked_add(narrow(1)?)?,
            "hour" => micros = micros.checked_add(whole.checked_mul(MICROS_PER_HOUR)?)?,
            "minute" => micros = micros.checked_add(whole.checked_mul(MICROS_PER_MINUTE)?)?,
            "second" => {
                if fraction.len() > 9 || !fraction.bytes().all(|letter| letter.is_ascii_digit()) {
                    return None;
                }
                let part: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
                let part = if negative { -part } else { part };
                micros = micros.checked_add(whole.checked_mul(MICROS_PER_SECOND)?.checked_add(part)?)?;
            }
            "millisecond" => micros = micros.checked_add(whole.checked_mul(1000)?)?,
            "microsecond" => micros = micros.checked_add(whole)?,
            _ => return None,
        }
    }
    Some(IntervalMonthDayNano::new(months, days, micros.checked_mul(1000)?))
}

/// The words of an interval: a sign may stand apart from its number, a unit may not touch it.
fn separated(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        match words.last_mut() {
            Some(last) if last == "-" || last == "+" => last.push_str(word),
            _ => words.push(word.into()),
        }
    }
    words
}

pub(super) fn year_months_of_texts(array: &StringArray, to: &SparkType, rules: &Rules) -> Result<ArrayRef> {
    let (from_field, to_field) = year_month_fields(to);
    let mut out = Vec::with_capacity(array.len());
    for text in array {
        let Some(text) = text else {
            out.push(None);
            continue;
        };
        match read_year_month(text, from_field, to_field) {
            Some(months) => out.push(Some(months)),
            None if rules.evaluation == Evaluation::Try => out.push(None),
            None => return Err(unmatched(text, to, "year-month")),
        }
    }
    Ok(Arc::new(IntervalYearMonthArray::from(out)))
}

pub(super) fn day_times_of_texts(array: &StringArray, to: &SparkType, rules: &Rules) -> Result<ArrayRef> {
    let (from_field, to_field) = day_time_fields(to);
    let mut out = Vec::with_capacity(array.len());
    for text in array {
        let Some(text) = text else {
            out.push(None);
            continue;
        };
        match read_day_time(text, from_field, to_field) {
            Some(micros) => out.push(Some(micros)),
            None if rules.evaluation == Evaluation::Try => out.push(None),
            None => return Err(unmatched(text, to, "day-time")),
        }
    }
    Ok(Arc::new(DurationMicrosecondArray::from(out)))
}

pub(super) fn calendars_of_texts(array: &StringArray) -> ArrayRef {
    let read = array.iter().map(|text| text.and_then(read_calendar));
    Arc::new(read.collect::<IntervalMonthDayNanoArray>())
}

/// Spark 4.1 `INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING`: raised in legacy mode too, and without a place.
fn unmatched(text: &str, to: &SparkType, sort: &str) -> Error {
    let name = to.to_string();
    let fields = name.strip_prefix("interval ").unwrap_or(&name).to_string();
    let format = match fields.as_str() {
        "year to month" => "y-m",
        "year" => "y",
        "month" => "m",
        "day" => "d",
        "day to hour" => "d h",
        "day to minute" => "d h:m",
        "day to second" => "d h:m:s.n",
        "hour" => "h",
        "hour to minute" => "h:m",
        "hour to second" => "h:m:s.n",
        "minute" => "m",
        "minute to second" => "m:s.n",
        _ => "s.n",
    };
    let supported = format!("`[+|-]{format}`, `INTERVAL [+|-]'[+|-]{format}' {}`", fields.to_uppercase());
    let condition = match sort {
        "day-time" => "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE",
        _ => "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
    };
    Error::new(Kind::IllegalArgument, condition)
        .with("input", text)
        .with("intervalStr", sort)
        .with("supportedFormat", supported)
        .with("typeName", name)
}

/// Whole numbers, decimals and other year-month intervals, by the last field of the type.
pub(super) fn year_months(array: &ArrayRef, from: &SparkType, to: &SparkType, rules: &Rules) -> Result<ArrayRef> {
    let (_, last) = year_month_fields(to);
    if let SparkType::YearMonthInterval(..) = from {
        let months = array.as_primitive::<IntervalYearMonthType>();
        let cut = |months: i32| if last == YearMonthField::Year { months - months % 12 } else { months };
        return Ok(Arc::new(arrow::compute::unary::<_, _, IntervalYearMonthType>(months, cut)));
    }
    let unit = if last == YearMonthField::Year { 12 } else { 1 };
    let months = scaled(array, from, to, unit, rules, &|micros| i32::try_from(micros).is_ok())?;
    let months = months.into_iter().map(|months| months.map(|months| months as i32));
    Ok(Arc::new(months.collect::<IntervalYearMonthArray>()))
}

/// Whole numbers, decimals and other day-time intervals, by the last field of the type.
pub(super) fn day_times(array: &ArrayRef, from: &SparkType, to: &SparkType, rules: &Rules) -> Result<ArrayRef> {
    let (_, last) = day_time_fields(to);
    let unit = micros_of(last);
    if let SparkType::DayTimeInterval(..) = from {
        let micros = array.as_primitive::<DurationMicrosecondType>();
        let cut = |micros: i64| if last == DayTimeField::Second { micros } else { micros - micros % unit };
        return Ok(Arc::new(arrow::compute::unary::<_, _, DurationMicrosecondType>(micros, cut)));
    }
    let micros = scaled(array, from, to, unit, rules, &|_| true)?;
    Ok(Arc::new(DurationMicrosecondArray::from(micros)))
}

fn micros_of(field: DayTimeField) -> i64 {
    match field {
        DayTimeField::Day => MICROS_PER_DAY,
        DayTimeField::Hour => MICROS_PER_HOUR,
        DayTimeField::Minute => MICROS_PER_MINUTE,
        DayTimeField::Second => MICROS_PER_SECOND,
    }
}

fn scaled(
    array: &ArrayRef,
    from: &SparkType,
    to: &SparkType,
    unit: i64,
    rules: &Rules,
    fits: &dyn Fn(i64) -> bool,
) -> Result<Vec<Option<i64>>> {
    let whole = |array: &ArrayRef| -> Result<Vec<Option<Decimal>>> {
        if let DataType::Decimal128(_, scale) = array.data_type() {
            let numbers = array.as_primitive::<Decimal128Type>();
            return Ok(numbers.iter().map(|digits| digits.map(|digits| Decimal::new(digits, *scale))).collect());
        }
        let longs = arrow_cast(array, &DataType::Int64)?;
        let longs = longs.as_primitive::<Int64Type>();
        Ok(longs.iter().map(|value| value.map(|value| Decimal::new(i128::from(value), 0))).collect())
    };
    let mut out = Vec::with_capacity(array.len());
    for value in whole(array)? {
        let Some(value) = value else {
            out.push(None);
            continue;
        };
        let scaled = value.times(i128::from(unit)).and_then(|digits| i64::try_from(digits).ok()).filter(|v| fits(*v));
        match scaled {
            Some(scaled) => out.push(Some(scaled)),
            None if rules.evaluation == Evaluation::Try => out.push(None),
            None => {
                let text = number::literal(&value.plain(), array.data_type());
                return Err(Error::new(Kind::Arithmetic, "CAST_OVERFLOW")
                    .with("value", text)
                    .with("sourceType", format!("\"{}\"", from.sql()))
                    .with("targetType", format!("\"{}\"", to.sql())));
            }
        }
    }
    Ok(out)
}

pub(super) fn numbers_of_year_months(
    array: &IntervalYearMonthArray,
    from: &SparkType,
    target: &DataType,
    rules: &Rules,
) -> Result<ArrayRef> {
    let (start, end) = year_month_fields(from);
    let unit = if end == YearMonthField::Year { 12 } else { 1 };
    let write = |months: i64| {
        let mut text = String::new();
        write_year_month(months as i32, start, end, &mut text);
        text
    };
    let values = array.iter().map(|months| months.map(i64::from)).collect();
    counts(values, unit, from, target, rules, &write)
}

pub(super) fn numbers_of_day_times(
    array: &DurationMicrosecondArray,
    from: &SparkType,
    target: &DataType,
    rules: &Rules,
) -> Result<ArrayRef> {
    let (start, end) = day_time_fields(from);
    let write = |micros: i64| {
        let mut text = String::new();
        write_day_time(micros, start, end, &mut text);
        text
    };
    counts(array.iter().collect(), micros_of(end), from, target, rules, &write)
}

/// How many units each value has; whole ones, unless the target is a decimal.
fn counts(
    values: Vec<Option<i64>>,
    unit: i64,
    from: &SparkType,
    target: &DataType,
    rules: &Rules,
    write: &dyn Fn(i64) -> String,
) -> Result<ArrayRef> {
    if let DataType::Decimal128(precision, scale) = target {
        let mut out = Vec::with_capacity(values.len());
        for value in values {
            let Some(value) = value else {
                out.push(None);
                continue;
            };
            // Units divide a power of ten times sixty at most: six places hold seconds, and what is left is cut by fit.
            let places = decimal::power(u32::try_from(*scale).unwrap_or(0) + 1).unwrap_or(1);
            let digits = i128::from(value) * places / i128::from(unit);
            match Decimal::new(digits, scale.saturating_add(1)).fit(*precision, *scale) {
                Some(digits) => out.push(Some(digits)),
                None if rules.evaluation == Evaluation::Try => out.push(None),
                None => {
                    let plain = Decimal::new(digits, scale.saturating_add(1)).plain();
                    return Err(decimal::out_of_range(&plain, *precision, *scale).at(&rules.origin));
                }
            }
        }
        return super::convert::decimals(out, *precision, *scale);
    }
    let (least, most) = match target {
        DataType::Int8 => (i64::from(i8::MIN), i64::from(i8::MAX)),
        DataType::Int16 => (i64::from(i16::MIN), i64::from(i16::MAX)),
        DataType::Int32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let mut out = Vec::with_capacity(values.len());
    for value in values {
        match value {
            Some(value) if !(least..=most).contains(&(value / unit)) => match rules.evaluation {
                Evaluation::Try => out.push(None),
                _ => return Err(number::overflow(&write(value), from, target)),
            },
            value => out.push(value.map(|value| value / unit)),
        }
    }
    debug_assert!(coerce::is_integral(target));
    arrow_cast(&(Arc::new(arrow::array::Int64Array::from(out)) as ArrayRef), target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_intervals() {
        let (year, month) = (YearMonthField::Year, YearMonthField::Month);
        assert_eq!(read_year_month("-1-2", year, month), Some(-14));
        assert_eq!(read_year_month("INTERVAL '1-2' YEAR TO MONTH", year, month), Some(14));
        assert_eq!(read_year_month("1-12", year, month), None);
        assert_eq!(read_day_time("1 02:03:04.5", DayTimeField::Day, DayTimeField::Second), Some(93_784_500_000));
        assert_eq!(read_day_time("1 24:03:04", DayTimeField::Day, DayTimeField::Second), None);
        assert_eq!(read_day_time("25:03", DayTimeField::Hour, DayTimeField::Minute), Some(90_180_000_000));
        let mut text = String::new();
        write_day_time(-1_500_000, DayTimeField::Second, DayTimeField::Second, &mut text);
        assert_eq!(text, "INTERVAL '-01.5' SECOND");
        text.clear();
        write_calendar(IntervalMonthDayNano::new(14, 25, 18_367_500_000_000), &mut text);
        assert_eq!(text, "1 years 2 months 25 days 5 hours 6 minutes 7.5 seconds");
        assert_eq!(read_calendar("1 year - 2 days"), Some(IntervalMonthDayNano::new(12, -2, 0)));
    }
}
