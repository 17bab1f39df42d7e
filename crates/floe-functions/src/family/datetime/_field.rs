//! The fields of a date or timestamp: `year`, `hour`, … and what `extract` takes by name.

use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, DurationMicrosecondType, Int8Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType, TimestampMicrosecondType,
};
use floe_base::Result;
use floe_base::id::BackendId;
use floe_syntax::DataType as SparkType;
use floe_syntax::data_type::{DayTimeField, YearMonthField};

use super::_civil::{Date, DateTime, MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, weekday};
use super::_kernel::{gives, one, timestamp};
use super::_zone::Zone;
use crate::{Call, Typed};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Year,
    YearOfWeek,
    Quarter,
    Month,
    Week,
    Day,
    /// Sunday is 1.
    DayOfWeek,
    /// Monday is 1.
    DayOfWeekIso,
    /// Monday is 0.
    Weekday,
    DayOfYear,
    Hour,
    Minute,
    Second,
    SecondWithFraction,
}

impl Field {
    /// The field `extract` and `date_part` call by this name (Spark 4.1).
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.to_uppercase().as_str() {
            "YEAR" | "Y" | "YEARS" | "YR" | "YRS" => Self::Year,
            "YEAROFWEEK" => Self::YearOfWeek,
            "QUARTER" | "QTR" => Self::Quarter,
            "MONTH" | "MON" | "MONS" | "MONTHS" => Self::Month,
            "WEEK" | "W" | "WEEKS" => Self::Week,
            "DAY" | "D" | "DAYS" => Self::Day,
            "DAYOFWEEK" | "DOW" => Self::DayOfWeek,
            "DAYOFWEEK_ISO" | "DOW_ISO" => Self::DayOfWeekIso,
            "DOY" => Self::DayOfYear,
            "HOUR" | "H" | "HOURS" | "HR" | "HRS" => Self::Hour,
            "MINUTE" | "M" | "MIN" | "MINS" | "MINUTES" => Self::Minute,
            "SECOND" | "S" | "SEC" | "SECONDS" | "SECS" => Self::SecondWithFraction,
            _ => return None,
        })
    }

    pub(crate) fn is_of_day(self) -> bool {
        matches!(self, Self::Hour | Self::Minute | Self::Second | Self::SecondWithFraction)
    }

    /// DuckDB's function of the same field, for dates.
    fn in_duckdb(self) -> Option<&'static str> {
        Some(match self {
            Self::Year => "year",
            Self::YearOfWeek => "isoyear",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "weekofyear",
            Self::Day => "day",
            Self::DayOfWeekIso => "isodow",
            Self::DayOfYear => "dayofyear",
            _ => return None,
        })
    }

    fn of_date(self, days: i64) -> i32 {
        let date = || Date::of_days(days);
        match self {
            Self::Year => date().year,
            Self::YearOfWeek => date().iso_week().0,
            Self::Quarter => date().quarter() as i32,
            Self::Month => date().month as i32,
            Self::Week => date().iso_week().1 as i32,
            Self::Day => date().day as i32,
            Self::DayOfWeek => (weekday(days) as i32 + 1) % 7 + 1,
            Self::DayOfWeekIso => weekday(days) as i32 + 1,
            Self::Weekday => weekday(days) as i32,
            Self::DayOfYear => date().day_of_year() as i32,
            Self::Hour | Self::Minute | Self::Second | Self::SecondWithFraction => 0,
        }
    }

    fn of_time(self, local: i64) -> i32 {
        let time = DateTime::of_micros(local);
        match self {
            Self::Hour => time.hour as i32,
            Self::Minute => time.minute as i32,
            Self::Second => time.second as i32,
            _ => self.of_date(local.div_euclid(MICROS_PER_DAY)),
        }
    }
}

/// The function of a field with one argument: fields of a day take a date, fields of a time a timestamp.
pub(crate) fn of_only(call: &Call<'_>, field: Field) -> Result<Typed> {
    let [value] = call.exactly()?;
    let value = match &value.data_type {
        DataType::Date32 | DataType::Timestamp(..) => value,
        _ if field.is_of_day() => call.coerced(0, &timestamp(), "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")?,
        _ => call.coerced(0, &DataType::Date32, "\"DATE\"")?,
    };
    part(call, value, field)
}

/// A field of a date or timestamp.
pub(crate) fn part(call: &Call<'_>, value: Typed, field: Field) -> Result<Typed> {
    let nullable = value.nullable;
    let zone = match &value.data_type {
        DataType::Timestamp(_, Some(_)) => Zone::of_session(call.context)?,
        _ => Zone::UTC,
    };
    let key = format!("{field:?} {zone}");
    if field == Field::SecondWithFraction {
        let seconds = |local: i64| i128::from(local.rem_euclid(MICROS_PER_MINUTE));
        let decimal = gives(DataType::Decimal128(8, 6), nullable);
        return Ok(match &value.data_type {
            DataType::Date32 => one::<Date32Type, Decimal128Type>(call, key, value, decimal, |_| Ok(Some(0))),
            _ => one::<TimestampMicrosecondType, Decimal128Type>(call, key, value, decimal, move |micros| {
                Ok(Some(seconds(zone.to_local(micros))))
            }),
        });
    }
    let int = gives(DataType::Int32, nullable);
    Ok(match &value.data_type {
        DataType::Date32 => {
            let found =
                one::<Date32Type, Int32Type>(call, key, value, int, move |days| Ok(Some(field.of_date(days.into()))));
            match field.in_duckdb() {
                Some(name) => found.spelled(BackendId::DuckDb, format!("CAST({name}({{0}}) AS INTEGER)")),
                None => found,
            }
        }
        _ => one::<TimestampMicrosecondType, Int32Type>(call, key, value, int, move |micros| {
            Ok(Some(field.of_time(zone.to_local(micros))))
        }),
    })
}

/// A field of an interval; `None` where such an interval has no such field.
pub(crate) fn interval_part(call: &Call<'_>, value: &Typed, field: Field) -> Option<Typed> {
    let nullable = value.nullable;
    let (byte, int) = (gives(DataType::Int8, nullable), gives(DataType::Int32, nullable));
    let decimal = gives(DataType::Decimal128(8, 6), nullable);
    let key = format!("{field:?}");
    let seconds = |micros: i64| Ok(Some(i128::from(micros % MICROS_PER_MINUTE)));
    let value = value.clone();
    Some(match (value.spark_type(), field) {
        (SparkType::YearMonthInterval(YearMonthField::Year, _), Field::Year) => {
            one::<IntervalYearMonthType, Int32Type>(call, key, value, int, |months| Ok(Some(months / 12)))
        }
        (SparkType::YearMonthInterval(_, YearMonthField::Month), Field::Month) => {
            one::<IntervalYearMonthType, Int8Type>(call, key, value, byte, |months| Ok(Some((months % 12) as i8)))
        }
        (SparkType::DayTimeInterval(DayTimeField::Day, _), Field::Day) => {
            one::<DurationMicrosecondType, Int32Type>(call, key, value, int, |micros| {
                Ok(Some((micros / MICROS_PER_DAY) as i32))
            })
        }
        (SparkType::DayTimeInterval(from, to), Field::Hour)
            if from <= DayTimeField::Hour && to >= DayTimeField::Hour =>
        {
            one::<DurationMicrosecondType, Int8Type>(call, key, value, byte, |micros| {
                Ok(Some((micros % MICROS_PER_DAY / MICROS_PER_HOUR) as i8))
            })
        }
        (SparkType::DayTimeInterval(from, to), Field::Minute)
            if from <= DayTimeField::Minute && to >= DayTimeField::Minute =>
        {
            one::<DurationMicrosecondType, Int8Type>(call, key, value, byte, |micros| {
                Ok(Some((micros % MICROS_PER_HOUR / MICROS_PER_MINUTE) as i8))
            })
        }
        (SparkType::DayTimeInterval(_, DayTimeField::Second), Field::SecondWithFraction) => {
            one::<DurationMicrosecondType, Decimal128Type>(call, key, value, decimal, seconds)
        }
        (SparkType::CalendarInterval, Field::Year) => {
            one::<IntervalMonthDayNanoType, Int32Type>(call, key, value, int, |interval| Ok(Some(interval.months / 12)))
        }
        (SparkType::CalendarInterval, Field::Quarter) => {
            one::<IntervalMonthDayNanoType, Int8Type>(call, key, value, byte, |interval| {
                Ok(Some((interval.months % 12 / 3 + 1) as i8))
            })
        }
        (SparkType::CalendarInterval, Field::Month) => {
            one::<IntervalMonthDayNanoType, Int8Type>(call, key, value, byte, |interval| {
                Ok(Some((interval.months % 12) as i8))
            })
        }
        (SparkType::CalendarInterval, Field::Day) => {
            one::<IntervalMonthDayNanoType, Int32Type>(call, key, value, int, |interval| Ok(Some(interval.days)))
        }
        (SparkType::CalendarInterval, Field::Hour) => {
            let long = gives(DataType::Int64, nullable);
            one::<IntervalMonthDayNanoType, Int64Type>(call, key, value, long, |interval| {
                Ok(Some(interval.nanoseconds / 1000 / MICROS_PER_HOUR))
            })
        }
        (SparkType::CalendarInterval, Field::Minute) => {
            one::<IntervalMonthDayNanoType, Int8Type>(call, key, value, byte, |interval| {
                Ok(Some((interval.nanoseconds / 1000 % MICROS_PER_HOUR / MICROS_PER_MINUTE) as i8))
            })
        }
        (SparkType::CalendarInterval, Field::SecondWithFraction) => {
            one::<IntervalMonthDayNanoType, Decimal128Type>(call, key, value, decimal, move |interval| {
                seconds(interval.nanoseconds / 1000)
            })
        }
        _ => return None,
    })
}

/// True for the types [`interval_part`] knows.
pub(crate) fn is_interval(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Interval(IntervalUnit::YearMonth | IntervalUnit::MonthDayNano) | DataType::Duration(_)
    )
}
