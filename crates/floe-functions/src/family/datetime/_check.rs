//! Whether numbers make a date or a time, and Java's words where they do not.

use super::_civil::{Date, DateTime, MICROS_PER_MINUTE, MICROS_PER_SECOND, days_in_month};

/// The date of these numbers, or why there is none (`java.time.LocalDate.of`).
pub(crate) fn date(year: i64, month: i64, day: i64) -> Result<Date, String> {
    within("Year", year, -999_999_999, 999_999_999)?;
    within("MonthOfYear", month, 1, 12)?;
    if !(1..=31).contains(&day) {
        return Err(format!("Invalid value for DayOfMonth (valid values 1 - 28/31): {day}"));
    }
    let (year, month, day) = (year as i32, month as u32, day as u32);
    if day <= days_in_month(year, month) {
        return Ok(Date { year, month, day });
    }
    if day == 29 {
        return Err(format!("Invalid date 'February 29' as '{year}' is not a leap year"));
    }
    let name = super::_names::MONTHS.get(month as usize - 1).copied().unwrap_or_default();
    Err(format!("Invalid date '{} {day}'", name.to_uppercase()))
}

/// A number in its range, or Java's words for one that is not.
pub(crate) fn within(field: &str, value: i64, least: i64, most: i64) -> Result<i64, String> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(format!("Invalid value for {field} (valid values {least} - {most}): {value}"))
}

/// Why a timestamp cannot be made.
pub(crate) enum Wrong {
    Field(String),
    /// Seconds beyond 60, or 60 with a fraction; in microseconds.
    Seconds(i64),
    Overflow,
}

/// The local microseconds of these numbers; 60 seconds are the next minute.
pub(crate) fn timestamp(fields: [i64; 5], micros: i64) -> Result<i64, Wrong> {
    let [year, month, day, hour, minute] = fields;
    let is_next_minute = micros == MICROS_PER_MINUTE;
    if micros.div_euclid(MICROS_PER_SECOND) == 60 && !is_next_minute {
        return Err(Wrong::Seconds(micros));
    }
    let date = date(year, month, day).map_err(Wrong::Field)?;
    let hour = within("HourOfDay", hour, 0, 23).map_err(Wrong::Field)? as u32;
    let minute = within("MinuteOfHour", minute, 0, 59).map_err(Wrong::Field)? as u32;
    let rest = if is_next_minute { 0 } else { micros };
    let second = within("SecondOfMinute", rest.div_euclid(MICROS_PER_SECOND), 0, 59).map_err(Wrong::Field)? as u32;
    let micro = rest.rem_euclid(MICROS_PER_SECOND) as u32;
    let local = DateTime { date, hour, minute, second, micro }.micros().ok_or(Wrong::Overflow)?;
    if is_next_minute { local.checked_add(MICROS_PER_MINUTE).ok_or(Wrong::Overflow) } else { Ok(local) }
}
