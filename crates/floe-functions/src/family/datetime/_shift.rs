//! Instants moved by months, days and microseconds, and counted between: across changes of the clock as Java does it.

use super::_civil::{Date, DateTime, MICROS_PER_DAY, micros_of};
use super::_zone::Zone;

/// An instant as much later: months and days on the calendar of the zone, microseconds on the clock. Where the clock shows
/// a time twice, the offset it had is kept. `None` beyond an `i64`.
pub(crate) fn plus(zone: Zone, micros: i64, months: i64, days: i64, more: i64) -> Option<i64> {
    let mut moved = micros;
    if months != 0 {
        let local = DateTime::of_micros(zone.to_local(moved));
        let date = local.date.plus_months(months)?;
        moved = at(zone, moved, DateTime { date, ..local }.micros()?)?;
    }
    if days != 0 {
        let local = zone.to_local(moved).checked_add(days.checked_mul(MICROS_PER_DAY)?)?;
        moved = at(zone, moved, local)?;
    }
    moved.checked_add(more)
}

/// The same without a zone.
pub(crate) fn plus_local(local: i64, months: i64, days: i64, more: i64) -> Option<i64> {
    plus(Zone::UTC, local, months, days, more)
}

/// A day as much later.
pub(crate) fn date_plus(days: i32, months: i64, more_days: i64) -> Option<i32> {
    let moved = Date::of_days(days.into()).plus_months(months)?.days().checked_add(more_days)?;
    i32::try_from(moved).ok()
}

/// The instant of a local time that comes from another instant: its offset is kept where it is in force there too.
pub(crate) fn at(zone: Zone, from: i64, local: i64) -> Option<i64> {
    let offset = i64::from(zone.offset_at(from)) * super::_civil::MICROS_PER_SECOND;
    match local.checked_sub(offset) {
        Some(kept) if zone.to_local(kept) == local => Some(kept),
        _ => zone.to_instant(local),
    }
}

/// Midnight of a day in a zone.
pub(crate) fn midnight(zone: Zone, days: i64) -> Option<i64> {
    zone.to_instant(micros_of(days, 0)?)
}

/// Whole months from one local time to another, towards zero.
pub(crate) fn months_between(start: i64, end: i64) -> i64 {
    let (from, to) = (DateTime::of_micros(start), DateTime::of_micros(end));
    let months = (i64::from(to.date.year) - i64::from(from.date.year)) * 12 + i64::from(to.date.month)
        - i64::from(from.date.month);
    let rest = |time: DateTime| (time.date.day, time.micros_of_day());
    match months {
        1.. if rest(to) < rest(from) => months - 1,
        ..=-1 if rest(to) > rest(from) => months + 1,
        _ => months,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::time::{timestamp_ntz, write_local};

    fn moved(zone: &str, from: &str, months: i64, days: i64, micros: i64) -> String {
        let zone = Zone::named(zone).unwrap_or(Zone::UTC);
        let mut out = String::new();
        let start = timestamp_ntz(from).and_then(|local| zone.to_instant(local));
        let end = start.and_then(|start| plus(zone, start, months, days, micros));
        end.inspect(|end| write_local(zone.to_local(*end), &mut out));
        out
    }

    #[test]
    fn days_are_on_the_calendar_and_hours_on_the_clock() {
        let hour = super::super::_civil::MICROS_PER_HOUR;
        assert_eq!(moved("Europe/Berlin", "2024-03-30 12:00:00", 0, 1, 0), "2024-03-31 12:00:00");
        assert_eq!(moved("Europe/Berlin", "2024-03-30 12:00:00", 0, 0, 24 * hour), "2024-03-31 13:00:00");
        assert_eq!(moved("Europe/Berlin", "2024-03-30 02:30:00", 0, 1, 0), "2024-03-31 03:30:00");
        assert_eq!(moved("Europe/Berlin", "2024-01-31 02:30:00", 1, 0, 0), "2024-02-29 02:30:00");
    }
}
