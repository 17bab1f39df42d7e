//! The proleptic Gregorian calendar over all days an `i32` can count and all microseconds an `i64` can: pure arithmetic.
//!
//! Libraries for calendars end at years that Spark's dates go beyond; hence our own. Zones are [`super::_zone`].

pub(crate) const MICROS_PER_SECOND: i64 = 1_000_000;
pub(crate) const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
pub(crate) const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;
pub(crate) const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// A day: year, month from 1, day from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date {
    pub(crate) year: i32,
    pub(crate) month: u32,
    pub(crate) day: u32,
}

/// A date and a time of day, without a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DateTime {
    pub(crate) date: Date,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) micro: u32,
}

const DAYS_PER_ERA: i64 = 146_097;

impl Date {
    /// The day of a calendar; `None` where there is no such day.
    pub(crate) fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let exists = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// From days since 1970-01-01. Eras of 400 years begin in March, so that the leap day ends a year.
    pub(crate) fn of_days(days: i64) -> Self {
        let shifted = days + 719_468;
        let era = shifted.div_euclid(DAYS_PER_ERA);
        let of_era = shifted.rem_euclid(DAYS_PER_ERA);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year: year as i32, month: month as u32, day: day as u32 }
    }

    /// Days since 1970-01-01.
    pub(crate) fn days(self) -> i64 {
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (i64::from(self.month) + 9) % 12;
        let of_year = (153 * month_from_march + 2) / 5 + i64::from(self.day) - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        era * DAYS_PER_ERA + of_era - 719_468
    }

    /// As many months later, on the last day of the month where it is shorter; `None` outside the years of an `i32`.
    pub(crate) fn plus_months(self, months: i64) -> Option<Self> {
        let total = i64::from(self.year) * 12 + i64::from(self.month) - 1 + months;
        let year = i32::try_from(total.div_euclid(12)).ok()?;
        let month = total.rem_euclid(12) as u32 + 1;
        Some(Self { year, month, day: self.day.min(days_in_month(year, month)) })
    }

    pub(crate) fn last_of_month(self) -> Self {
        Self { day: days_in_month(self.year, self.month), ..self }
    }

    pub(crate) fn is_last_of_month(self) -> bool {
        self.day == days_in_month(self.year, self.month)
    }

    /// From 1.
    pub(crate) fn day_of_year(self) -> u32 {
        (self.days() - Self { month: 1, day: 1, ..self }.days()) as u32 + 1
    }

    pub(crate) fn quarter(self) -> u32 {
        (self.month - 1) / 3 + 1
    }

    /// The week of ISO 8601 and the year it belongs to.
    pub(crate) fn iso_week(self) -> (i32, u32) {
        let days = self.days();
        // The Thursday of a week decides which year it belongs to.
        let thursday = Self::of_days(days - i64::from(weekday(days)) + 3);
        (thursday.year, (thursday.day_of_year() - 1) / 7 + 1)
    }
}

impl DateTime {
    /// From microseconds since 1970-01-01T00:00:00, local.
    pub(crate) fn of_micros(micros: i64) -> Self {
        let date = Date::of_days(micros.div_euclid(MICROS_PER_DAY));
        let rest = micros.rem_euclid(MICROS_PER_DAY);
        Self {
            date,
            hour: (rest / MICROS_PER_HOUR) as u32,
            minute: (rest % MICROS_PER_HOUR / MICROS_PER_MINUTE) as u32,
            second: (rest % MICROS_PER_MINUTE / MICROS_PER_SECOND) as u32,
            micro: (rest % MICROS_PER_SECOND) as u32,
        }
    }

    /// Microseconds since 1970-01-01T00:00:00, local; `None` beyond an `i64`.
    pub(crate) fn micros(self) -> Option<i64> {
        micros_of(self.date.days(), self.micros_of_day())
    }

    pub(crate) fn micros_of_day(self) -> i64 {
        i64::from(self.hour) * MICROS_PER_HOUR
            + i64::from(self.minute) * MICROS_PER_MINUTE
            + i64::from(self.second) * MICROS_PER_SECOND
            + i64::from(self.micro)
    }
}

/// A day and the microseconds in it as one count. The first representable day is reached from the day after, so that the
/// product alone may lie outside.
pub(crate) fn micros_of(days: i64, micros_of_day: i64) -> Option<i64> {
    let total = i128::from(days) * i128::from(MICROS_PER_DAY) + i128::from(micros_of_day);
    i64::try_from(total).ok()
}

pub(crate) fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(crate) fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Monday is 0.
pub(crate) fn weekday(days: i64) -> u32 {
    (days + 3).rem_euclid(7) as u32
}

/// Days as Arrow counts them; `None` beyond an `i32`.
pub(crate) fn date32(days: i64) -> Option<i32> {
    i32::try_from(days).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for days in [i64::from(i32::MIN), -719_529, -719_528, -1, 0, 58, 59, 60, 19_782, 2_932_896, i64::from(i32::MAX)]
        {
            assert_eq!(Date::of_days(days).days(), days);
        }
        assert_eq!(Date::of_days(19_782), Date { year: 2024, month: 2, day: 29 });
        assert_eq!(Date::of_days(i64::from(i32::MAX)), Date { year: 5_881_580, month: 7, day: 11 });
    }

    #[test]
    fn months_end_where_months_end() {
        let date = Date { year: 2024, month: 1, day: 31 };
        assert_eq!(date.plus_months(1), Date::new(2024, 2, 29));
        assert_eq!(date.plus_months(-11), Date::new(2023, 2, 28));
        assert_eq!(Date::new(2023, 2, 29), None);
    }

    #[test]
    fn weeks_belong_to_the_year_of_their_thursday() {
        assert_eq!(Date { year: 2021, month: 1, day: 3 }.iso_week(), (2020, 53));
        assert_eq!(Date { year: 2024, month: 12, day: 30 }.iso_week(), (2025, 1));
    }
}
