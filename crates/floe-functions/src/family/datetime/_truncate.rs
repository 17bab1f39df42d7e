//! Dates and timestamps cut down to the start of a unit.

use super::_civil::{Date, MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, weekday};
use super::_shift::{at, midnight};
use super::_zone::Zone;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// A unit by the names `trunc` and `date_trunc` take; `None` gives NULL.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.to_uppercase().as_str() {
            "MICROSECOND" => Self::Microsecond,
            "MILLISECOND" => Self::Millisecond,
            "SECOND" => Self::Second,
            "MINUTE" => Self::Minute,
            "HOUR" => Self::Hour,
            "DAY" | "DD" => Self::Day,
            "WEEK" => Self::Week,
            "MONTH" | "MON" | "MM" => Self::Month,
            "QUARTER" => Self::Quarter,
            "YEAR" | "YYYY" | "YY" => Self::Year,
            _ => return None,
        })
    }

    /// The first day of the unit; `None` for units below a week, which `trunc` does not know.
    pub(crate) fn of_date(self, days: i64) -> Option<i64> {
        let date = Date::of_days(days);
        Some(match self {
            Self::Week => days - i64::from(weekday(days)),
            Self::Month => Date { day: 1, ..date }.days(),
            Self::Quarter => Date { day: 1, month: (date.quarter() - 1) * 3 + 1, ..date }.days(),
            Self::Year => Date { day: 1, month: 1, ..date }.days(),
            _ => return None,
        })
    }

    /// The first instant of the unit; `None` beyond an `i64`.
    pub(crate) fn of_timestamp(self, zone: Zone, micros: i64) -> Option<i64> {
        let on_the_clock = |length: i64| {
            let local = zone.to_local(micros);
            at(zone, micros, local.checked_sub(local.rem_euclid(length))?)
        };
        match self {
            Self::Microsecond => Some(micros),
            Self::Millisecond => micros.checked_sub(micros.rem_euclid(1000)),
            Self::Second => micros.checked_sub(micros.rem_euclid(MICROS_PER_SECOND)),
            Self::Minute => on_the_clock(MICROS_PER_MINUTE),
            Self::Hour => on_the_clock(MICROS_PER_HOUR),
            Self::Day => on_the_clock(MICROS_PER_DAY),
            _ => midnight(zone, self.of_date(zone.days(micros))?),
        }
    }
}
