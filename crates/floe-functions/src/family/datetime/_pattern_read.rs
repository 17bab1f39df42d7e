//! Reading a text by a pattern: strict, with names in any case, as Spark 4.1 sets Java's formatter up.

use std::collections::HashMap;

use super::_check::{self, within};
use super::_civil::{Date, DateTime};
use super::_names::{DAYS, MONTHS};
use super::_pattern::{Field, Item, Number, OffsetStyle, Part, Pattern, Sign, Text};
use super::_zone::Zone;
use super::_zone_name::named_zones;

/// What a text says: a local time, missing fields filled in (1970-01-01T00:00), and the zone where it names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) time: DateTime,
    pub(crate) zone: Option<Zone>,
}

impl Pattern {
    /// The time a text says, or Java's words for why there is none.
    pub(crate) fn read(&self, text: &str) -> Result<Read, String> {
        let mut reader =
            Reader { text, fields: HashMap::new(), zone: None, micro: None, half_day: None, is_before_era: None };
        let shown = || shown(text);
        match reader.all(&self.items, 0) {
            Err(at) => Err(format!("Text '{}' could not be parsed at index {}", shown(), characters(text, at))),
            Ok(end) if end < text.len() => {
                let at = characters(text, end);
                Err(format!("Text '{}' could not be parsed, unparsed text found at index {at}", shown()))
            }
            Ok(_) => reader.resolve().map_err(|why| format!("Text '{}' could not be parsed: {why}", shown())),
        }
    }
}

/// Java shows no more than 64 characters.
fn shown(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or(text)),
        None => text.into(),
    }
}

fn characters(text: &str, at: usize) -> usize {
    text.get(..at).map_or(at, |before| before.chars().count())
}

struct Reader<'a> {
    text: &'a str,
    fields: HashMap<Field, i64>,
    zone: Option<Zone>,
    micro: Option<u32>,
    half_day: Option<u32>,
    is_before_era: Option<bool>,
}

/// Where reading goes on, or where it failed.
type At = Result<usize, usize>;

impl Reader<'_> {
    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or("")
    }

    fn all(&mut self, items: &[Item], mut at: usize) -> At {
        for (index, item) in items.iter().enumerate() {
            // Numbers of fixed width right behind one of any width take their digits from it.
            let reserved = match item {
                Item::Number(number) if number.least != number.most => {
                    reserved(items.get(index + 1..).unwrap_or_default())
                }
                _ => 0,
            };
            at = self.one(item, at, reserved)?;
        }
        Ok(at)
    }

    fn one(&mut self, item: &Item, at: usize, reserved: usize) -> At {
        match item {
            Item::Literal(literal) => {
                let matches =
                    self.rest(at).get(..literal.len()).is_some_and(|found| found.eq_ignore_ascii_case(literal));
                if matches { Ok(at + literal.len()) } else { Err(at + common(self.rest(at), literal)) }
            }
            Item::Number(number) => {
                let (value, end) = self.number(*number, at, reserved)?;
                self.set(number.field, value, at)?;
                Ok(end)
            }
            Item::ReducedYear { of_era } => {
                let digits = self.rest(at).get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
                let year: i64 = digits.and_then(|digits| digits.parse().ok()).ok_or(at)?;
                self.set(if *of_era { Field::YearOfEra } else { Field::Year }, 2000 + year, at)?;
                Ok(at + 2)
            }
            Item::Text(text) => self.name(*text, at),
            Item::Fraction { least, most } => {
                let digits = self.rest(at).bytes().take(*most).take_while(u8::is_ascii_digit).count();
                if digits < *least {
                    return Err(at);
                }
                let six = self.rest(at).bytes().take(digits).chain(std::iter::repeat(b'0')).take(6);
                self.micro = Some(six.fold(0, |micro, digit| micro * 10 + u32::from(digit - b'0')));
                Ok(at + digits)
            }
            Item::Offset(style) => {
                let (offset, length) = read_offset(*style, self.rest(at)).ok_or(at)?;
                self.zone = Some(Zone::Fixed(offset));
                Ok(at + length)
            }
            Item::LocalizedOffset { .. } => {
                let rest = self.rest(at).strip_prefix("GMT").ok_or(at)?;
                let length = rest.find(|letter: char| !"+-:0123456789".contains(letter)).unwrap_or(rest.len());
                let written = rest.get(..length).unwrap_or("");
                let zone = if written.is_empty() { Zone::UTC } else { Zone::named(written).ok_or(at)? };
                self.zone = Some(zone);
                Ok(at + 3 + length)
            }
            Item::ZoneId => self.zone_id(at),
            Item::ZoneName { .. } => {
                let rest = self.rest(at);
                let found = named_zones().find(|(name, _)| {
                    rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
                        && !rest
                            .get(name.len()..)
                            .is_some_and(|after| after.starts_with(|next: char| next.is_ascii_alphabetic()))
                });
                match found {
                    Some((name, region)) => {
                        self.zone = Zone::named(region);
                        Ok(at + name.len())
                    }
                    None => self.zone_id(at),
                }
            }
            Item::Optional(items) => {
                let kept = (self.fields.clone(), self.zone, self.micro, self.half_day, self.is_before_era);
                match self.all(items, at) {
                    Ok(end) => Ok(end),
                    Err(_) => {
                        (self.fields, self.zone, self.micro, self.half_day, self.is_before_era) = kept;
                        Ok(at)
                    }
                }
            }
        }
    }

    /// A field may stand twice, with one value.
    fn set(&mut self, field: Field, value: i64, at: usize) -> Result<(), usize> {
        match self.fields.insert(field, value) {
            Some(before) if before != value => Err(at),
            _ => Ok(()),
        }
    }

    fn number(&self, number: Number, at: usize, reserved: usize) -> Result<(i64, usize), usize> {
        let rest = self.rest(at);
        let (sign, digits) = match rest.as_bytes().first() {
            Some(b'+') if number.sign == Sign::ExceedsPad => (Some(1), rest.get(1..).unwrap_or("")),
            Some(b'-') if number.sign != Sign::Never => (Some(-1), rest.get(1..).unwrap_or("")),
            _ => (None, rest),
        };
        let start = at + rest.len() - digits.len();
        let found = digits.bytes().take(number.most + reserved).take_while(u8::is_ascii_digit).count();
        let length = if reserved > 0 { number.least.max(found.saturating_sub(reserved)) } else { found };
        if length < number.least || length > found {
            return Err(at);
        }
        let value: i64 = digits.get(..length).and_then(|digits| digits.parse().ok()).ok_or(at)?;
        let exceeds = length > number.least;
        match (number.sign, sign) {
            (Sign::ExceedsPad, Some(1)) if !exceeds => return Err(at),
            (Sign::ExceedsPad, None) if exceeds => return Err(at),
            (_, Some(-1)) if value == 0 => return Err(at),
            _ => {}
        }
        Ok((value * sign.unwrap_or(1), start + length))
    }

    fn name(&mut self, text: Text, at: usize) -> At {
        let starts = |name: &str| self.rest(at).get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        let position = |names: &[&'static str], full: bool| {
            let of = |name: &&'static str| if full { *name } else { name.get(..3).unwrap_or(name) };
            names.iter().map(|name| of(&name)).enumerate().find(|(_, name)| starts(name))
        };
        match text {
            Text::Month { full } => {
                let (index, name) = position(&MONTHS, full).ok_or(at)?;
                self.set(Field::Month, index as i64 + 1, at)?;
                Ok(at + name.len())
            }
            Text::DayOfWeek { full } => {
                let (_, name) = position(&DAYS, full).ok_or(at)?;
                Ok(at + name.len())
            }
            Text::HalfDay => {
                let half = if starts("AM") {
                    0
                } else if starts("PM") {
                    1
                } else {
                    return Err(at);
                };
                self.half_day = Some(half);
                Ok(at + 2)
            }
            Text::Era { full } => {
                let names = if full { ["Anno Domini", "Before Christ"] } else { ["AD", "BC"] };
                let (index, name) = names.into_iter().enumerate().find(|(_, name)| starts(name)).ok_or(at)?;
                self.is_before_era = Some(index == 1);
                Ok(at + name.len())
            }
            Text::Quarter { .. } => Err(at),
        }
    }

    /// The longest text from here that names a zone.
    fn zone_id(&mut self, at: usize) -> At {
        let rest = self.rest(at);
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "/_+-:~.".contains(letter);
        let longest = rest.find(|letter: char| !is_part(letter)).unwrap_or(rest.len());
        for length in (1..=longest).rev() {
            if let Some(zone) = rest.get(..length).and_then(Zone::named) {
                self.zone = Some(zone);
                return Ok(at + length);
            }
        }
        Err(at)
    }

    /// The fields made one time. Without a whole date what is there stands beside the defaults of Spark.
    fn resolve(&self) -> Result<Read, String> {
        let of = |field: Field| self.fields.get(&field).copied();
        let year = match (of(Field::Year), of(Field::YearOfEra), self.is_before_era) {
            (Some(year), ..) => Some(within("Year", year, -999_999_999, 999_999_999)?),
            (None, Some(year), before) => {
                let year = within("YearOfEra", year, 1, 999_999_999)?;
                Some(if before == Some(true) { 1 - year } else { year })
            }
            _ => None,
        };
        let month = of(Field::Month).map(|month| within("MonthOfYear", month, 1, 12)).transpose()?;
        let day = of(Field::Day)
            .map(|day| match day {
                1..=31 => Ok(day),
                _ => Err(format!("Invalid value for DayOfMonth (valid values 1 - 28/31): {day}")),
            })
            .transpose()?;
        let date = match (year, of(Field::DayOfYear), month, day) {
            (Some(year), Some(ordinal), month, None) => agreeing(day_of_year(year, ordinal)?, month)?,
            _ => _check::date(year.unwrap_or(1970), month.unwrap_or(1), day.unwrap_or(1))?,
        };
        let hour = self.hour()?;
        let minute = of(Field::Minute).map_or(Ok(0), |minute| within("MinuteOfHour", minute, 0, 59))?;
        let second = of(Field::Second).map_or(Ok(0), |second| within("SecondOfMinute", second, 0, 59))?;
        let time = DateTime {
            date,
            hour: hour as u32,
            minute: minute as u32,
            second: second as u32,
            micro: self.micro.unwrap_or(0),
        };
        self.check_half_day(time)?;
        Ok(Read { time, zone: self.zone })
    }

    /// AM and PM must agree with an hour of the whole day.
    fn check_half_day(&self, time: DateTime) -> Result<(), String> {
        let derived = time.hour / 12;
        let whole = self.fields.contains_key(&Field::Hour) || self.fields.contains_key(&Field::ClockHour);
        match self.half_day {
            Some(half) if whole && half != derived => Err(format!(
                "Conflict found: Field AmPmOfDay {derived} differs from AmPmOfDay {half} derived from {}",
                clock(time)
            )),
            _ => Ok(()),
        }
    }

    fn hour(&self) -> Result<i64, String> {
        let of = |field: Field| self.fields.get(&field).copied();
        let half = self.half_day.map(i64::from);
        if let Some(hour) = of(Field::Hour) {
            return within("HourOfDay", hour, 0, 23);
        }
        if let Some(hour) = of(Field::ClockHour) {
            return Ok(within("ClockHourOfDay", hour, 1, 24)? % 24);
        }
        let of_half = match (of(Field::HourOfHalf), of(Field::ClockHourOfHalf)) {
            (Some(hour), _) => Some(within("HourOfAmPm", hour, 0, 11)?),
            (None, Some(hour)) => Some(within("ClockHourOfAmPm", hour, 1, 12)? % 12),
            (None, None) => None,
        };
        Ok(match (of_half, half) {
            (Some(hour), half) => hour + 12 * half.unwrap_or(0),
            (None, Some(1)) => 12,
            (None, _) => 0,
        })
    }
}

/// A time of day as Java's `LocalTime` prints it.
fn clock(time: DateTime) -> String {
    let minutes = format!("{:02}:{:02}", time.hour, time.minute);
    match (time.second, time.micro) {
        (0, 0) => minutes,
        (second, 0) => format!("{minutes}:{second:02}"),
        (second, micro) => format!("{minutes}:{second:02}.{micro:06}"),
    }
}

/// The date, if the month that stands beside it is its month.
fn agreeing(date: Date, month: Option<i64>) -> Result<Date, String> {
    let mut shown = String::new();
    crate::cast::time::write_date(date.days() as i32, &mut shown);
    match month {
        Some(month) if month != i64::from(date.month) => Err(format!(
            "Conflict found: Field MonthOfYear {} differs from MonthOfYear {month} derived from {shown}",
            date.month
        )),
        _ => Ok(date),
    }
}

fn day_of_year(year: i64, ordinal: i64) -> Result<Date, String> {
    if !(1..=366).contains(&ordinal) {
        return Err(format!("Invalid value for DayOfYear (valid values 1 - 365/366): {ordinal}"));
    }
    if ordinal == 366 && !super::_civil::is_leap(year as i32) {
        return Err(format!("Invalid date 'DayOfYear 366' as '{year}' is not a leap year"));
    }
    Ok(Date::of_days(Date { year: year as i32, month: 1, day: 1 }.days() + ordinal - 1))
}

/// Digits of the fixed-width numbers that follow without anything between.
fn reserved(items: &[Item]) -> usize {
    let fixed = |item: &Item| match item {
        Item::Number(number) if number.least == number.most => Some(number.least),
        Item::ReducedYear { .. } => Some(2),
        _ => None,
    };
    items.iter().map_while(fixed).sum()
}

/// How many bytes of a literal are there.
fn common(text: &str, literal: &str) -> usize {
    // Java reports the place of the literal's first letter that differs: each of its letters is read for itself.
    let same = |(left, right): &(char, char)| left.eq_ignore_ascii_case(right);
    text.chars().zip(literal.chars()).take_while(same).map(|(letter, _)| letter.len_utf8()).sum()
}

fn read_offset(style: OffsetStyle, text: &str) -> Option<(i32, usize)> {
    if style.zero == "Z" && text.starts_with(['Z', 'z']) {
        return Some((0, 1));
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let two = |at: usize| {
        let digits = text.get(at..at + 2)?;
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<i32>().ok()).flatten()
    };
    let (hour, mut at) = (two(1)?, 3);
    let mut next = |part: Part| {
        let digits_at =
            if style.colon { text.get(at..at + 1).filter(|colon| *colon == ":").map(|_| at + 1) } else { Some(at) };
        match (part, digits_at.and_then(|at| Some((two(at)?, at)))) {
            (Part::Never, _) => Some(0),
            (_, Some((value, digits_at))) if value < 60 => {
                at = digits_at + 2;
                Some(value)
            }
            (Part::WhenNotZero, _) => Some(0),
            (Part::Always, _) => None,
        }
    };
    let (minute, second) = (next(style.minutes)?, next(style.seconds)?);
    let total = hour * 3600 + minute * 60 + second;
    (total <= 18 * 3600).then_some((sign * total, at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cast::time::{timestamp_ntz, write_local};

    fn read(text: &str, pattern: &str) -> String {
        let pattern = match Pattern::compile(pattern, true) {
            Ok(pattern) => pattern,
            Err(error) => return error.condition().into(),
        };
        let read = match pattern.read(text) {
            Ok(read) => read,
            Err(why) => return why,
        };
        let mut out = String::new();
        let instant = read.time.micros().and_then(|local| read.zone.unwrap_or(Zone::UTC).to_instant(local));
        instant.inspect(|micros| write_local(*micros, &mut out));
        out
    }

    fn write(text: &str, pattern: &str) -> String {
        let mut out = String::new();
        let micros = timestamp_ntz(text).unwrap_or_default();
        match Pattern::compile(pattern, false) {
            Ok(pattern) => drop(pattern.write(micros, Zone::UTC, &mut out)),
            Err(error) => return error.condition().into(),
        }
        out
    }

    #[test]
    fn texts_are_read_as_spark_4_1_reads_them() {
        for (text, pattern, expected) in [
            ("20240515", "yyyyMMdd", "2024-05-15 00:00:00"),
            ("24-5-1", "yy-M-d", "2024-05-01 00:00:00"),
            ("May 5 2024 3:04 PM", "MMM d yyyy h:mm a", "2024-05-05 15:04:00"),
            ("2024-05-15 10:11:12.123", "yyyy-MM-dd HH:mm:ss.SSSSSS", "2024-05-15 10:11:12.123"),
            ("2024-136", "yyyy-DDD", "2024-05-15 00:00:00"),
            ("10", "HH", "1970-01-01 10:00:00"),
            ("2024-05-15 +02:00", "yyyy-MM-dd XXX", "2024-05-14 22:00:00"),
            ("2024-05-15 America/New_York", "yyyy-MM-dd VV", "2024-05-15 04:00:00"),
            ("2024-05-15", "yyyy-MM-dd[ HH:mm]", "2024-05-15 00:00:00"),
            ("2024-05-15 PST", "yyyy-MM-dd z", "2024-05-15 07:00:00"),
            ("2024-05-15 GMT+1", "yyyy-MM-dd O", "2024-05-14 23:00:00"),
            ("x2024", "'x'yyyy", "2024-01-01 00:00:00"),
            ("12 2024", "hh yyyy", "2024-01-01 00:00:00"),
            ("PM 2024", "a yyyy", "2024-01-01 12:00:00"),
            ("+12024-05-15", "yyyy-MM-dd", "+12024-05-15 00:00:00"),
            ("12024-05-15", "yyyyy-MM-dd", "+12024-05-15 00:00:00"),
            ("2024-5-1", "yyyy-MM-dd", "Text '2024-5-1' could not be parsed at index 5"),
            ("2024-05-15", "yyyy-MM-dd HH", "Text '2024-05-15' could not be parsed at index 10"),
            ("2024-05-15 x", "yyyy-MM-dd", "Text '2024-05-15 x' could not be parsed, unparsed text found at index 10"),
            ("2024-02-30", "yyyy-MM-dd", "Text '2024-02-30' could not be parsed: Invalid date 'FEBRUARY 30'"),
            ("2024-136-05", "yyyy-DDD-MM", "2024-05-15 00:00:00"),
            (
                "03 PM",
                "HH a",
                "Text '03 PM' could not be parsed: Conflict found: Field AmPmOfDay 0 differs from AmPmOfDay 1 derived from 03:00",
            ),
            ("20240515101112123", "yyyyMMddHHmmssSSS", "Text '20240515101112123' could not be parsed at index 0"),
            ("24", "HH", "Text '24' could not be parsed: Invalid value for HourOfDay (valid values 0 - 23): 24"),
            ("x", "E", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"),
            ("x", "bb", "INVALID_DATETIME_PATTERN.WITH_SUGGESTION"),
        ] {
            assert_eq!(read(text, pattern), expected, "{text} by {pattern}");
        }
    }

    #[test]
    fn times_are_written_as_spark_4_1_writes_them() {
        for (text, pattern, expected) in [
            (
                "2024-05-15 10:11:12.123456",
                "G GGGG y yy yyy yyyy yyyyy M MM MMM MMMM L LL LLL LLLL d dd D DDD E EEEE a h hh H HH k kk K KK m mm s ss S SSS SSSSSS",
                "AD Anno Domini 2024 24 2024 2024 02024 5 05 May May 5 05 May May 15 15 136 136 Wed Wednesday AM 10 10 10 10 10 10 10 10 11 11 12 12 1 123 123456",
            ),
            (
                "2024-05-15 10:11:12.123456",
                "SSSSSSSSS VV z zzzz O OOOO X XX XXX x xx xxx Z ZZZZ ZZZZZ Q q QQ QQQ QQQQ qqq 'text' '' F [yyyy]",
                "123456000 UTC UTC Coordinated Universal Time GMT GMT Z Z Z +00 +0000 +00:00 +0000 GMT Z 2 2 02 Q2 2nd quarter Q2 text ' 1 2024",
            ),
            ("12024-05-15 10:11:12", "yyyy yy y", "+12024 24 12024"),
            ("0000-05-15 10:11:12", "yyyy G y", "0001 BC 1"),
            ("2024-05-15", "[yyyy", "2024"),
            ("2024-05-15", "n", "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER"),
            ("2024-05-15", "e", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN"),
            ("2024-05-15", "QQQQQ", "INVALID_DATETIME_PATTERN.LENGTH"),
            ("2024-05-15", "aaa", "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION"),
        ] {
            assert_eq!(write(text, pattern), expected, "{text} by {pattern}");
        }
    }
}
