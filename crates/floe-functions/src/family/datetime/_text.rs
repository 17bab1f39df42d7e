//! Dates and timestamps as text without a pattern: what casts read and write.

use std::fmt::Write as _;

use super::_civil::{Date, DateTime, MICROS_PER_DAY};
use super::_zone::Zone;

/// A text read as a timestamp: its fields, its zone where it names one, and whether it is a time of day only.
pub(crate) struct Read {
    pub(crate) time: DateTime,
    pub(crate) zone: Option<Zone>,
    pub(crate) is_time_only: bool,
}

/// `[+-]yyyy[y…]`, `…-[m]m`, `…-[d]d`, and anything after a blank or `T` (Spark 4.1 `stringToDate`); days since 1970-01-01.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    let text = trim(text);
    let (negative, digits) = sign(text);
    let end = digits.find([' ', 'T']);
    let written = end.map_or(digits, |end| digits.get(..end).unwrap_or(digits));
    let parts: Vec<&str> = written.splitn(3, '-').collect();
    // Year and year-month must be all there is.
    if parts.len() < 3 && end.is_some() {
        return None;
    }
    let date = date_of(negative, &parts, 7)?;
    super::_civil::date32(date.days())
}

/// Spark 4.1 `parseTimestampString`: a date, a date and a time, or a time, each with a zone behind if there is a time.
pub(crate) fn parse_timestamp(text: &str) -> Option<Read> {
    let text = trim(text);
    let (negative, digits) = sign(text);
    let starts_with_time = digits.starts_with('T')
        || digits.split_once(':').is_some_and(|(hour, _)| !hour.is_empty() && hour.bytes().all(|b| b.is_ascii_digit()));
    if starts_with_time {
        if digits.len() != text.len() {
            return None;
        }
        let (time, zone) = time_of(digits.strip_prefix('T').unwrap_or(digits))?;
        return Some(Read { time, zone, is_time_only: true });
    }
    let midnight = DateTime { date: EPOCH, hour: 0, minute: 0, second: 0, micro: 0 };
    let Some(end) = digits.find([' ', 'T']) else {
        let parts: Vec<&str> = digits.splitn(3, '-').collect();
        let date = date_of(negative, &parts, 6)?;
        return Some(Read { time: DateTime { date, ..midnight }, zone: None, is_time_only: false });
    };
    let parts: Vec<&str> = digits.get(..end)?.splitn(3, '-').collect();
    if parts.len() != 3 {
        return None;
    }
    let date = date_of(negative, &parts, 6)?;
    let rest = digits.get(end + 1..)?;
    let (time, zone) = time_of(rest)?;
    Some(Read { time: DateTime { date, ..time }, zone, is_time_only: false })
}

const EPOCH: Date = Date { year: 1970, month: 1, day: 1 };

impl Read {
    /// The instant, in microseconds; a time of day is one of today, which is the day `now` falls on.
    pub(crate) fn instant(&self, session: Zone, now: i64) -> Option<i64> {
        let zone = self.zone.unwrap_or(session);
        let date = if self.is_time_only { Date::of_days(zone.days(now)) } else { self.time.date };
        zone.to_instant(DateTime { date, ..self.time }.micros()?)
    }

    /// The local time, in microseconds; `None` for a time of day alone, and for a zone where none is allowed.
    pub(crate) fn local(&self, zone_is_allowed: bool) -> Option<i64> {
        if self.is_time_only || (self.zone.is_some() && !zone_is_allowed) {
            return None;
        }
        self.time.micros()
    }
}

/// Blanks and control characters at the ends do not count (Spark's `trimAll`).
fn trim(text: &str) -> &str {
    text.trim_matches(|letter: char| letter <= ' ' || letter == '\u{7f}')
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn date_of(negative: bool, parts: &[&str], year_digits: usize) -> Option<Date> {
    let year = parts.first().filter(|year| (4..=year_digits).contains(&year.len()))?;
    let year: i32 = digits(year)?.try_into().ok()?;
    let rest = |index: usize| match parts.get(index) {
        None => Some(1),
        Some(part) if (1..=2).contains(&part.len()) => digits(part),
        Some(_) => None,
    };
    Date::new(if negative { -year } else { year }, rest(1)?, rest(2)?)
}

/// `[h]h[:[m]m[:[s]s[.f…][zone]]]`; digits of the fraction beyond the sixth are dropped, and a zone needs seconds.
fn time_of(text: &str) -> Option<(DateTime, Option<Zone>)> {
    let (hour, rest) = leading(text)?;
    let (minute, rest) = match rest.strip_prefix(':') {
        Some(rest) => leading(rest)?,
        None => return whole(hour, 0, rest),
    };
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => leading(rest)?,
        None => return whole(hour, minute, rest),
    };
    let (micro, rest) = match rest.strip_prefix('.') {
        Some(rest) => fraction(rest),
        None => (0, rest),
    };
    let zone = if rest.is_empty() { None } else { Some(Zone::named(rest.trim())?) };
    let exists = hour < 24 && minute < 60 && second < 60;
    exists.then_some((DateTime { date: EPOCH, hour, minute, second, micro }, zone))
}

/// A time without seconds, where nothing follows.
fn whole(hour: u32, minute: u32, rest: &str) -> Option<(DateTime, Option<Zone>)> {
    let exists = rest.is_empty() && hour < 24 && minute < 60;
    exists.then_some((DateTime { date: EPOCH, hour, minute, second: 0, micro: 0 }, None))
}

/// One or two digits, and what follows.
fn leading(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end)?;
    (1..=2).contains(&number.len()).then(|| Some((digits(number)?, rest))).flatten()
}

fn fraction(text: &str) -> (u32, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (written, rest) = text.split_at(end);
    let six = written.bytes().chain(std::iter::repeat(b'0')).take(6);
    (six.fold(0, |micro, digit| micro * 10 + u32::from(digit - b'0')), rest)
}

fn digits(text: &str) -> Option<u32> {
    (!text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// `2024-02-29`; years beyond four digits carry a plus.
pub(crate) fn write_date(days: i32, out: &mut String) {
    write_year_month_day(Date::of_days(days.into()), out);
}

/// `2024-02-29 12:34:56[.fraction without trailing zeros]` of local microseconds.
pub(crate) fn write_timestamp(local: i64, out: &mut String) {
    let time = DateTime::of_micros(local);
    write_date(local.div_euclid(MICROS_PER_DAY) as i32, out);
    let _ = write!(out, " {:02}:{:02}:{:02}", time.hour, time.minute, time.second);
    if time.micro != 0 {
        let fraction = format!(".{:06}", time.micro);
        out.push_str(fraction.trim_end_matches('0'));
    }
}

fn write_year_month_day(date: Date, out: &mut String) {
    let sign = match date.year {
        ..0 => "-",
        0..=9999 => "",
        _ => "+",
    };
    let _ = write!(out, "{sign}{:04}-{:02}-{:02}", date.year.unsigned_abs(), date.month, date.day);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> String {
        let mut out = String::new();
        match parse_date(text) {
            Some(days) => write_date(days, &mut out),
            None => out.push_str("NULL"),
        }
        out
    }

    fn timestamp(text: &str) -> String {
        let mut out = String::new();
        match parse_timestamp(text).and_then(|read| read.instant(Zone::UTC, 0)) {
            Some(micros) => write_timestamp(micros, &mut out),
            None => out.push_str("NULL"),
        }
        out
    }

    #[test]
    fn dates_are_read_as_spark_reads_them() {
        assert_eq!(date(" 2024-2-9 anything"), "2024-02-09");
        assert_eq!(date("2024"), "2024-01-01");
        assert_eq!(date("2024-02-30"), "NULL");
        assert_eq!(date("24-02-01"), "NULL");
        assert_eq!(date("-0001-01-01"), "-0001-01-01");
        assert_eq!(date("12345-01-01T"), "+12345-01-01");
        assert_eq!(date("2024 "), "2024-01-01");
        assert_eq!(date("2024 x"), "NULL");
    }

    #[test]
    fn timestamps_are_read_as_spark_reads_them() {
        assert_eq!(timestamp("2024-05-15 1:2:3.1234567"), "2024-05-15 01:02:03.123456");
        assert_eq!(timestamp("2024-05-15T10:11:00+02:00"), "2024-05-15 08:11:00");
        assert_eq!(timestamp("2024-05-15T10:11+02:00"), "NULL");
        assert_eq!(timestamp("2024-05-15 10"), "2024-05-15 10:00:00");
        assert_eq!(timestamp("2024-05-15T"), "NULL");
        assert_eq!(timestamp("2024-05-15 10:11:12."), "2024-05-15 10:11:12");
        assert_eq!(timestamp("10:11:12"), "1970-01-01 10:11:12");
        assert_eq!(timestamp("2024-05-15 24:00:00"), "NULL");
        assert_eq!(timestamp("2024-05-15 10:11:12 UTC"), "2024-05-15 10:11:12");
        assert_eq!(timestamp("2024-05-15 10:11:12x"), "NULL");
    }
}
