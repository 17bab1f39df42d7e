//! Time zones as Java knows them: regions of the tz database and fixed offsets; from UTC to local time and back.
//!
//! A local time that does not exist (clocks go forward) is moved forward by the length of the gap; one that exists twice
//! (clocks go back) is the earlier instant: what `java.time.ZonedDateTime.of` does and Spark 3+ with it.

use std::fmt;

use chrono::{DateTime as Instant, MappedLocalTime, NaiveDateTime, Offset, TimeZone};
use floe_base::{Error, Kind, Result};

use super::_civil::{Date, MICROS_PER_DAY, MICROS_PER_SECOND, is_leap, weekday};
use crate::Context;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Zone {
    /// Seconds east of Greenwich.
    Fixed(i32),
    Region(chrono_tz::Tz),
}

impl Zone {
    pub(crate) const UTC: Self = Self::Fixed(0);

    /// The session's zone.
    pub(crate) fn of_session(context: &Context) -> Result<Self> {
        Self::parse(&context.time_zone_name)
    }

    /// A zone by name, or Spark 4.1's `INVALID_TIMEZONE`.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        Self::named(name).ok_or_else(|| Error::new(Kind::DateTime, "INVALID_TIMEZONE").with("timeZone", name))
    }

    /// A zone by name: `Z`, an offset, `UTC`/`GMT`/`UT` with or without an offset, a region, or one of Java's short names.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "Z" | "UTC" | "GMT" | "UT" => return Some(Self::UTC),
            _ => {}
        }
        if name.starts_with(['+', '-']) {
            return offset(name).map(Self::Fixed);
        }
        for prefix in ["UTC", "GMT", "UT"] {
            if let Some(rest) = name.strip_prefix(prefix)
                && rest.starts_with(['+', '-'])
            {
                return offset(rest).map(Self::Fixed);
            }
        }
        if let Some((_, region)) = SHORT_NAMES.iter().find(|(short, _)| *short == name) {
            return Self::named(region);
        }
        name.parse().ok().map(Self::Region)
    }

    /// Seconds east of Greenwich at an instant given in microseconds.
    pub(crate) fn offset_at(self, micros: i64) -> i32 {
        match self {
            Self::Fixed(seconds) => seconds,
            Self::Region(region) => {
                let seconds = micros.div_euclid(MICROS_PER_SECOND);
                let utc = naive(seconds).unwrap_or_default();
                region.offset_from_utc_datetime(&utc).fix().local_minus_utc()
            }
        }
    }

    /// Local microseconds of an instant. At the very ends of time it stays where it is.
    pub(crate) fn to_local(self, micros: i64) -> i64 {
        micros.saturating_add(i64::from(self.offset_at(micros)) * MICROS_PER_SECOND)
    }

    /// The instant of local microseconds; `None` beyond an `i64`.
    pub(crate) fn to_instant(self, local: i64) -> Option<i64> {
        let offset = match self {
            Self::Fixed(seconds) => seconds,
            Self::Region(region) => local_offset(region, local),
        };
        local.checked_sub(i64::from(offset) * MICROS_PER_SECOND)
    }

    /// The day an instant falls on.
    pub(crate) fn days(self, micros: i64) -> i64 {
        self.to_local(micros).div_euclid(MICROS_PER_DAY)
    }
}

/// The offset in force at a local time; in a gap the one before it, which moves the time forward by the gap.
fn local_offset(region: chrono_tz::Tz, local: i64) -> i32 {
    let seconds = local.div_euclid(MICROS_PER_SECOND);
    let Some(time) = naive(seconds) else { return 0 };
    match region.offset_from_local_datetime(&time) {
        MappedLocalTime::Single(offset) => offset.fix().local_minus_utc(),
        MappedLocalTime::Ambiguous(earlier, _) => earlier.fix().local_minus_utc(),
        MappedLocalTime::None => {
            // No gap is longer than a day: what held a day before holds up to the gap.
            let before = time - chrono::TimeDelta::days(1);
            match region.offset_from_local_datetime(&before) {
                MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(_, offset) => {
                    offset.fix().local_minus_utc()
                }
                MappedLocalTime::None => 0,
            }
        }
    }
}

/// Seconds as chrono's time. The tz database is compiled up to 2100 and chrono ends with the year 262142; later years
/// borrow an earlier one with the same calendar, for the rules of the last known year hold for ever.
fn naive(seconds: i64) -> Option<NaiveDateTime> {
    const SECONDS_PER_DAY: i64 = 86_400;
    let days = seconds.div_euclid(SECONDS_PER_DAY);
    let date = Date::of_days(days);
    let seconds = match date.year {
        ..=-200_000 => -200_000 * 365 * SECONDS_PER_DAY,
        -199_999..=2099 => seconds,
        later => {
            let borrowed = borrowed_year(later);
            let shift =
                Date { year: later, month: 1, day: 1 }.days() - Date { year: borrowed, month: 1, day: 1 }.days();
            seconds - shift * SECONDS_PER_DAY
        }
    };
    Instant::from_timestamp(seconds, 0).map(|instant| instant.naive_utc())
}

/// A year of the 28 before 2100 that begins on the same weekday and is as long.
fn borrowed_year(year: i32) -> i32 {
    let first = |year: i32| weekday(Date { year, month: 1, day: 1 }.days());
    let alike = |other: &i32| first(*other) == first(year) && is_leap(*other) == is_leap(year);
    (2072..2100).find(alike).unwrap_or(2099)
}

/// `+8`, `+08`, `+8:30`, `+0830`, `+08:30`, `+08:30:15`, up to 18 hours (Java's `ZoneOffset`, with Spark's one-digit hours).
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let parts: Vec<&str> = digits.split(':').collect();
    let two = |part: &str| (part.len() == 2).then(|| number(part)).flatten();
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours] if (1..=2).contains(&hours.len()) => (number(hours)?, 0, 0),
        [packed] if packed.len() == 4 => (two(packed.get(..2)?)?, two(packed.get(2..)?)?, 0),
        [packed] if packed.len() == 6 => (two(packed.get(..2)?)?, two(packed.get(2..4)?)?, two(packed.get(4..)?)?),
        [hours, minutes] if (1..=2).contains(&hours.len()) && (1..=2).contains(&minutes.len()) => {
            (number(hours)?, number(minutes)?, 0)
        }
        [hours, minutes, seconds] if (1..=2).contains(&hours.len()) => (number(hours)?, two(minutes)?, two(seconds)?),
        _ => return None,
    };
    let total = hours * 3600 + minutes * 60 + seconds;
    (minutes < 60 && seconds < 60 && total <= 18 * 3600).then_some(sign * total)
}

fn number(text: &str) -> Option<i32> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Java's `ZoneId.SHORT_IDS`.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("ACT", "Australia/Darwin"),
    ("AET", "Australia/Sydney"),
    ("AGT", "America/Argentina/Buenos_Aires"),
    ("ART", "Africa/Cairo"),
    ("AST", "America/Anchorage"),
    ("BET", "America/Sao_Paulo"),
    ("BST", "Asia/Dhaka"),
    ("CAT", "Africa/Harare"),
    ("CNT", "America/St_Johns"),
    ("CST", "America/Chicago"),
    ("CTT", "Asia/Shanghai"),
    ("EAT", "Africa/Addis_Ababa"),
    ("ECT", "Europe/Paris"),
    ("IET", "America/Indiana/Indianapolis"),
    ("IST", "Asia/Kolkata"),
    ("JST", "Asia/Tokyo"),
    ("MIT", "Pacific/Apia"),
    ("NET", "Asia/Yerevan"),
    ("NST", "Pacific/Auckland"),
    ("PLT", "Asia/Karachi"),
    ("PNT", "America/Phoenix"),
    ("PRT", "America/Puerto_Rico"),
    ("PST", "America/Los_Angeles"),
    ("SST", "Pacific/Guadalcanal"),
    ("VST", "Asia/Ho_Chi_Minh"),
    ("EST", "-05:00"),
    ("MST", "-07:00"),
    ("HST", "-10:00"),
];

/// The zone as Java prints its id.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region(region) => f.write_str(region.name()),
            Self::Fixed(0) => f.write_str("Z"),
            Self::Fixed(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let seconds = seconds.abs();
                write!(f, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
                if seconds % 60 != 0 { write!(f, ":{:02}", seconds % 60) } else { Ok(()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> i64 {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap_or_default().and_utc().timestamp_micros()
    }

    #[test]
    fn gaps_move_forward_and_overlaps_take_the_earlier_instant() {
        let berlin = Zone::named("Europe/Berlin").unwrap_or(Zone::UTC);
        assert_eq!(berlin.to_instant(local("2024-03-31 02:30")), Some(local("2024-03-31 01:30")));
        assert_eq!(berlin.to_local(local("2024-03-31 01:30")), local("2024-03-31 03:30"));
        assert_eq!(berlin.to_instant(local("2024-10-27 02:30")), Some(local("2024-10-27 00:30")));
    }

    #[test]
    fn summers_come_after_2100_too() {
        let berlin = Zone::named("Europe/Berlin").unwrap_or(Zone::UTC);
        assert_eq!(berlin.offset_at(local("2150-07-01 00:00")), 7200);
        assert_eq!(berlin.offset_at(local("2150-01-01 00:00")), 3600);
    }

    #[test]
    fn names_are_javas() {
        assert_eq!(Zone::named("GMT+1"), Some(Zone::Fixed(3600)));
        assert_eq!(Zone::named("-08:30"), Some(Zone::Fixed(-30_600)));
        assert_eq!(Zone::named("+18:01"), None);
        assert_eq!(Zone::named("xx"), None);
    }
}
