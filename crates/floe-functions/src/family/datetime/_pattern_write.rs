//! Writing a local time in a zone by a pattern.

use std::fmt::Write as _;

use super::_civil::{Date, DateTime, MICROS_PER_SECOND, weekday};
use super::_names::{DAYS, MONTHS};
use super::_pattern::{Field, Item, Number, OffsetStyle, Part, Pattern, Sign, Text};
use super::_zone::Zone;
use super::_zone_name::zone_name;

impl Pattern {
    /// Appends the instant as the zone's clocks show it. False where a number does not fit its width (Java raises).
    pub(crate) fn write(&self, micros: i64, zone: Zone, out: &mut String) -> bool {
        let offset = zone.offset_at(micros);
        let local = micros.saturating_add(i64::from(offset) * MICROS_PER_SECOND);
        let moment = Moment { time: DateTime::of_micros(local), offset, zone, micros };
        moment.write_all(&self.items, out)
    }
}

struct Moment {
    time: DateTime,
    offset: i32,
    zone: Zone,
    micros: i64,
}

impl Moment {
    fn write_all(&self, items: &[Item], out: &mut String) -> bool {
        items.iter().all(|item| self.write(item, out))
    }

    fn write(&self, item: &Item, out: &mut String) -> bool {
        let Date { year, month, .. } = self.time.date;
        match item {
            Item::Literal(text) => out.push_str(text),
            Item::Number(number) => return write_number(*number, self.value(number.field), out),
            Item::ReducedYear { of_era } => {
                let year = if *of_era { self.value(Field::YearOfEra) } else { year.into() };
                let _ = write!(out, "{:02}", year.rem_euclid(100));
            }
            Item::Text(Text::Era { full }) => out.push_str(match (year > 0, full) {
                (true, false) => "AD",
                (false, false) => "BC",
                (true, true) => "Anno Domini",
                (false, true) => "Before Christ",
            }),
            Item::Text(Text::Month { full }) => push_name(MONTHS.get(month as usize - 1), *full, out),
            Item::Text(Text::DayOfWeek { full }) => {
                push_name(DAYS.get(weekday(self.time.date.days()) as usize), *full, out);
            }
            Item::Text(Text::Quarter { full: false }) => {
                let _ = write!(out, "Q{}", self.time.date.quarter());
            }
            Item::Text(Text::Quarter { full: true }) => {
                let ordinal = ["1st", "2nd", "3rd", "4th"].get(self.time.date.quarter() as usize - 1);
                let _ = write!(out, "{} quarter", ordinal.unwrap_or(&""));
            }
            Item::Text(Text::HalfDay) => out.push_str(if self.time.hour < 12 { "AM" } else { "PM" }),
            Item::Fraction { most, .. } => {
                let digits = format!("{:06}000", self.time.micro);
                out.push_str(digits.get(..*most).unwrap_or(&digits));
            }
            Item::Offset(style) => write_offset(*style, self.offset, out),
            Item::LocalizedOffset { full } => write_localized_offset(self.offset, *full, out),
            Item::ZoneId => match self.zone {
                Zone::Fixed(0) => out.push_str("UTC"),
                zone => {
                    let _ = write!(out, "{zone}");
                }
            },
            Item::ZoneName { full } => out.push_str(&zone_name(self.zone, self.micros, *full)),
            Item::Optional(items) => {
                let before = out.len();
                if !self.write_all(items, out) {
                    out.truncate(before);
                }
            }
        }
        true
    }

    fn value(&self, field: Field) -> i64 {
        let (date, time) = (self.time.date, self.time);
        let year = i64::from(date.year);
        i64::from(match field {
            Field::Year => return year,
            Field::YearOfEra => return if year > 0 { year } else { 1 - year },
            Field::Quarter => date.quarter(),
            Field::Month => date.month,
            Field::Day => date.day,
            Field::DayOfYear => date.day_of_year(),
            Field::AlignedDayInMonth => (date.day - 1) % 7 + 1,
            Field::Hour => time.hour,
            Field::ClockHour => (time.hour + 23) % 24 + 1,
            Field::HourOfHalf => time.hour % 12,
            Field::ClockHourOfHalf => (time.hour + 11) % 12 + 1,
            Field::Minute => time.minute,
            Field::Second => time.second,
        })
    }
}

fn push_name(name: Option<&&str>, full: bool, out: &mut String) {
    let name = name.copied().unwrap_or_default();
    out.push_str(if full { name } else { name.get(..3).unwrap_or(name) });
}

/// False where the number has more digits than it may.
fn write_number(number: Number, value: i64, out: &mut String) -> bool {
    let digits = value.unsigned_abs().to_string();
    if digits.len() > number.most || (value < 0 && number.sign == Sign::Never) {
        return false;
    }
    if value < 0 {
        out.push('-');
    } else if number.sign == Sign::ExceedsPad && digits.len() > number.least {
        out.push('+');
    }
    out.extend(std::iter::repeat_n('0', number.least.saturating_sub(digits.len())));
    out.push_str(&digits);
    true
}

fn write_offset(style: OffsetStyle, offset: i32, out: &mut String) {
    if offset == 0 {
        return out.push_str(style.zero);
    }
    let seconds = offset.abs();
    let colon = if style.colon { ":" } else { "" };
    let shown = |part: Part, value: i32| part == Part::Always || (part == Part::WhenNotZero && value != 0);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let _ = write!(out, "{}{hour:02}", if offset < 0 { '-' } else { '+' });
    if shown(style.minutes, minute) || shown(style.seconds, second) {
        let _ = write!(out, "{colon}{minute:02}");
    }
    if shown(style.seconds, second) {
        let _ = write!(out, "{colon}{second:02}");
    }
}

/// `GMT`, `GMT+8`, `GMT+08:00`.
fn write_localized_offset(offset: i32, full: bool, out: &mut String) {
    out.push_str("GMT");
    if offset == 0 {
        return;
    }
    let seconds = offset.abs();
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    out.push(if offset < 0 { '-' } else { '+' });
    let _ = if full { write!(out, "{hour:02}:{minute:02}") } else { write!(out, "{hour}") };
    if !full && (minute != 0 || second != 0) {
        let _ = write!(out, ":{minute:02}");
    }
    if second != 0 {
        let _ = write!(out, ":{second:02}");
    }
}
