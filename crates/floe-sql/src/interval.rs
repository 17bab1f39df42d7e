//! Texts of intervals to numbers (Spark 4.1 `IntervalUtils`): `1 day 2.5 seconds`, `1-2`, `1 02:03:04.5`.

use floe_base::error::Kind as ErrorKind;
use floe_base::{Error, Result};
use floe_syntax::data_type::DayTimeField;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Interval {
    pub months: i32,
    pub days: i32,
    pub micros: i64,
}

const MICROS_PER_SECOND: i64 = 1_000_000;

fn error(condition: &str, input: &str) -> Error {
    Error::new(ErrorKind::IllegalArgument, format!("INVALID_INTERVAL_FORMAT.{condition}")).with("input", input)
}

/// `[INTERVAL] [+|-]n unit …`.
pub(crate) fn parse_interval(text: &str) -> Result<Interval> {
    let trimmed = text.trim();
    let lower = trimmed.to_lowercase();
    if lower.is_empty() {
        return Err(error("INPUT_IS_EMPTY", text));
    }
    let mut rest = match lower.strip_prefix("interval") {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        Some("") => return Err(error("INPUT_IS_EMPTY", text)),
        Some(_) => {
            return Err(error("INVALID_PREFIX", text).with("prefix", lower.split_whitespace().next().unwrap_or("")));
        }
        None => lower.as_str(),
    };
    let mut interval = Interval::default();
    while !rest.is_empty() {
        let (value, after) = signed_number(rest, text)?;
        let after = after.trim_start();
        let end = after.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, tail) = after.split_at(end);
        if unit.is_empty() {
            return Err(error("MISSING_UNIT", text).with("word", value.text));
        }
        add(&mut interval, &value, unit, text)?;
        rest = tail.trim_start();
    }
    Ok(interval)
}

/// A number as written: whole part, nanoseconds of the fraction.
struct Value<'a> {
    text: &'a str,
    negative: bool,
    whole: i64,
    nanos: i64,
    has_fraction: bool,
}

fn signed_number<'a>(rest: &'a str, input: &str) -> Result<(Value<'a>, &'a str)> {
    let (negative, body) = match rest.as_bytes().first() {
        Some(b'-') => (true, rest.get(1..).unwrap_or("").trim_start()),
        Some(b'+') => (false, rest.get(1..).unwrap_or("").trim_start()),
        _ => (false, rest),
    };
    let end = body.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(body.len());
    let (number, tail) = body.split_at(end);
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(whole, fraction)| (whole, Some(fraction)));
    let word = rest.split_whitespace().next().unwrap_or("");
    let broken = || error("UNRECOGNIZED_NUMBER", input).with("number", format!("'{word}'"));
    if whole.is_empty() && fraction.is_none_or(str::is_empty)
        || tail.starts_with(|letter: char| !letter.is_whitespace())
    {
        return Err(broken());
    }
    if fraction.is_some_and(|digits| digits.len() > 9) {
        return Err(error("INVALID_PRECISION", input).with("value", format!("'{number}'")));
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| error("ARITHMETIC_EXCEPTION", input))? };
    let nanos = format!("{:0<9}", fraction.unwrap_or("")).parse().map_err(|_| broken())?;
    let value = Value { text: number, negative, whole, nanos, has_fraction: fraction.is_some() };
    Ok((value, tail))
}

fn add(interval: &mut Interval, value: &Value<'_>, unit: &str, input: &str) -> Result<()> {
    let overflow = || error("ARITHMETIC_EXCEPTION", input);
    let singular = unit.strip_suffix('s').unwrap_or(unit);
    if value.has_fraction && singular != "second" {
        return Err(error("INVALID_FRACTION", input).with("unit", unit));
    }
    let sign = if value.negative { -1 } else { 1 };
    let amount = value.whole * sign;
    let times = |factor: i64| amount.checked_mul(factor).ok_or_else(overflow);
    let into_months = |interval: &mut Interval, factor| -> Result<()> {
        let months = i64::from(interval.months).checked_add(times(factor)?).ok_or_else(overflow)?;
        interval.months = i32::try_from(months).map_err(|_| overflow())?;
        Ok(())
    };
    let into_days = |interval: &mut Interval, factor| -> Result<()> {
        let days = i64::from(interval.days).checked_add(times(factor)?).ok_or_else(overflow)?;
        interval.days = i32::try_from(days).map_err(|_| overflow())?;
        Ok(())
    };
    let into_micros = |interval: &mut Interval, factor, extra| -> Result<()> {
        let micros = times(factor)?.checked_add(extra).and_then(|more| interval.micros.checked_add(more));
        interval.micros = micros.ok_or_else(overflow)?;
        Ok(())
    };
    match singular {
        "year" => into_months(interval, 12),
        "month" => into_months(interval, 1),
        "week" => into_days(interval, 7),
        "day" => into_days(interval, 1),
        "hour" => into_micros(interval, 3_600 * MICROS_PER_SECOND, 0),
        "minute" => into_micros(interval, 60 * MICROS_PER_SECOND, 0),
        "second" => into_micros(interval, MICROS_PER_SECOND, sign * value.nanos / 1_000),
        "millisecond" => into_micros(interval, 1_000, 0),
        "microsecond" => into_micros(interval, 1, 0),
        _ => Err(error("INVALID_UNIT", input).with("unit", unit)),
    }
}

/// `[+|-]y-m`.
pub(crate) fn parse_year_month(text: &str) -> Result<i32> {
    let mismatch = || {
        error("UNMATCHED_FORMAT_STRING", text)
            .with("intervalStr", "year-month")
            .with("supportedFormat", "`[+|-]y-m`, `INTERVAL [+|-]'[+|-]y-m' YEAR TO MONTH`")
            .with("typeName", "interval year to month")
    };
    let (negative, body) = sign(text.trim());
    let (years, months) = body.split_once('-').ok_or_else(mismatch)?;
    let years: i64 = digits(years, 9).ok_or_else(mismatch)?;
    let months: i64 = digits(months, 2).ok_or_else(mismatch)?;
    if months > 11 {
        return Err(error("INTERVAL_PARSING", text).with("interval", "year-month"));
    }
    let total = years * 12 + months;
    i32::try_from(if negative { -total } else { total }).map_err(|_| error("ARITHMETIC_EXCEPTION", text))
}

/// `[+|-]d h:m:s.n`, the fields from `first` to `last` only.
pub(crate) fn parse_day_time(text: &str, first: DayTimeField, last: DayTimeField) -> Result<i64> {
    let mismatch = || mismatched_day_time(text, first, last);
    let (negative, body) = sign(text.trim());
    let mut rest = body;
    let mut micros: i64 = 0;
    for field in [DayTimeField::Day, DayTimeField::Hour, DayTimeField::Minute, DayTimeField::Second] {
        if field < first || field > last {
            continue;
        }
        let end = if field == last {
            rest.len()
        } else {
            rest.find(if field == DayTimeField::Day { ' ' } else { ':' }).ok_or_else(mismatch)?
        };
        let (piece, tail) = rest.split_at(end);
        rest = tail.get(1..).unwrap_or("");
        let (whole, nanos) = match piece.split_once('.') {
            Some((whole, fraction)) if field == DayTimeField::Second && !fraction.is_empty() => {
                (whole, digits(&format!("{fraction:0<9}"), 9).ok_or_else(mismatch)?)
            }
            Some(_) => return Err(mismatch()),
            None => (piece, 0),
        };
        let width = if field == first { 19 } else { 2 };
        let value = digits(whole, width).ok_or_else(mismatch)?;
        let (factor, most) = match field {
            DayTimeField::Day => (86_400, i64::MAX),
            DayTimeField::Hour => (3_600, 23),
            DayTimeField::Minute => (60, 59),
            DayTimeField::Second => (1, 59),
        };
        if field != first && value > most {
            let message = format!("requirement failed: {} {value} outside range [0, {most}]", field.name());
            return Err(Error::new(ErrorKind::IllegalArgument, "_LEGACY_ERROR_TEMP_0063").with("msg", message));
        }
        let part = value.checked_mul(factor * MICROS_PER_SECOND).and_then(|part| part.checked_add(nanos / 1_000));
        micros = part.and_then(|part| micros.checked_add(part)).ok_or_else(|| error("ARITHMETIC_EXCEPTION", text))?;
    }
    Ok(if negative { -micros } else { micros })
}

fn mismatched_day_time(text: &str, first: DayTimeField, last: DayTimeField) -> Error {
    let format: String = [
        (DayTimeField::Day, "d"),
        (DayTimeField::Hour, " h"),
        (DayTimeField::Minute, ":m"),
        (DayTimeField::Second, ":s.n"),
    ]
    .into_iter()
    .filter(|(field, _)| first <= *field && *field <= last)
    .map(|(_, part)| part)
    .collect();
    let format = format.trim_start_matches([' ', ':']);
    let (from, to) = (first.name().to_uppercase(), last.name().to_uppercase());
    error("UNMATCHED_FORMAT_STRING_WITH_NOTICE", text)
        .with("intervalStr", "day-time")
        .with("supportedFormat", format!("`[+|-]{format}`, `INTERVAL [+|-]'[+|-]{format}' {from} TO {to}`"))
        .with("typeName", format!("interval {} to {}", first.name(), last.name()))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn digits(text: &str, most: usize) -> Option<i64> {
    let fits = !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_up() {
        assert_eq!(parse_interval("1 year 2 months").expect("well-formed").months, 14);
        assert_eq!(
            parse_interval("interval -1 week 2.5 seconds").expect("well-formed"),
            Interval { months: 0, days: -7, micros: 2_500_000 }
        );
        assert!(parse_interval("1.5 days").is_err());
        assert!(parse_interval("x").is_err());
    }

    #[test]
    fn ranges_of_fields_are_read() {
        assert_eq!(parse_year_month("-1-2").expect("well-formed"), -14);
        assert_eq!(
            parse_day_time("1 02:03:04.5", DayTimeField::Day, DayTimeField::Second).expect("well-formed"),
            93_784_500_000
        );
        assert_eq!(
            parse_day_time("10:30", DayTimeField::Hour, DayTimeField::Minute).expect("well-formed"),
            37_800_000_000
        );
        assert!(parse_day_time("1:2:3", DayTimeField::Hour, DayTimeField::Minute).is_err());
    }
}
