//! `+` and `-` with a date, a timestamp or an interval on either side.
//!
//! Spark resolves them before anything else (`BinaryArithmeticWithDatetimeResolver`), into functions of their own; what
//! moves a time along the calendar is in the datetime family.

use arrow::array::ArrowPrimitiveType;
use arrow::datatypes::{
    DataType, Date32Type, DurationMicrosecondType, Int32Type, IntervalMonthDayNano, IntervalMonthDayNanoType,
    IntervalUnit, IntervalYearMonthType, TimestampMicrosecondType,
};
use floe_base::error::Kind;
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::data_type::{DayTimeField, YearMonthField};
use floe_syntax::expression::CastMode;

use super::_number::Overflow;
use crate::cast::cast;
use crate::family::datetime::_shift;
use crate::family::datetime::_zone::Zone;
use crate::rows::{Column, numbers};
use crate::{Call, Kernel, Typed, coerce};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The sum or difference where a date, a time or an interval takes part; `None`: none does.
pub(crate) fn resolve(
    call: &Call<'_>,
    left: &Typed,
    right: &Typed,
    minus: bool,
    overflow: Overflow,
) -> Option<Result<Typed>> {
    let takes_part = |value: &Typed| coerce::is_datetime(&value.data_type) || coerce::is_interval(&value.data_type);
    if !takes_part(left) && !takes_part(right) {
        return None;
    }
    Some(Operands { call, minus, overflow }.resolve(left.clone(), right.clone()).transpose()?)
}

struct Operands<'a> {
    call: &'a Call<'a>,
    minus: bool,
    overflow: Overflow,
}

impl Operands<'_> {
    /// `None`: an ordinary operator, whose types are judged as those of any other.
    fn resolve(&self, left: Typed, right: Typed) -> Result<Option<Typed>> {
        use DataType::{Date32, Duration, Interval, Null, Timestamp, Utf8};
        const MONTHS: IntervalUnit = IntervalUnit::YearMonth;
        const CALENDAR: IntervalUnit = IntervalUnit::MonthDayNano;
        if !self.minus && coerce::is_interval(&left.data_type) && !coerce::is_interval(&right.data_type) {
            if matches!(right.data_type, Null) && coerce::is_ansi_interval(&left.data_type) {
                return Ok(Some(Typed::null(&left.data_type).with_written(left.written)));
            }
            return self.resolve(right, left);
        }
        let months = |value: &Typed| matches!(value.data_type, Interval(MONTHS));
        if !self.minus && coerce::is_interval(&left.data_type) && !months(&left) && months(&right) {
            return self.resolve(right, left);
        }
        let found = match (&left.data_type, &right.data_type) {
            (Date32, Duration(_)) if is_days(&right) => self.date_and_day_time(left, right),
            (Date32, Duration(_)) => {
                let left = self.cast(left, &coerce::timestamp())?;
                self.timestamp_and_interval(left, right)
            }
            (Date32, Interval(MONTHS)) => self.date_and_months(left, right),
            (Date32, Interval(CALENDAR)) => self.date_and_calendar(left, right),
            (Timestamp(..), Interval(_) | Duration(_)) => self.timestamp_and_interval(left, right),
            (left_type, right_type) if coerce::is_interval(left_type) && left_type == right_type => {
                return self.intervals(left, right).map(Some);
            }
            (Null, to) if coerce::is_ansi_interval(to) => Typed::null(to).with_written(right.written),
            (from, Null) if coerce::is_ansi_interval(from) => Typed::null(from).with_written(left.written),
            (Utf8, Interval(_) | Duration(_)) => {
                let stamp = self.cast(left, &coerce::timestamp())?;
                let moved = self.timestamp_and_interval(stamp, right);
                self.cast(moved, &Utf8)?
            }
            (Null, Interval(_) | Duration(_)) => Typed::null(&coerce::timestamp()),
            (_, Interval(CALENDAR) | Duration(_)) => return Err(self.no_timestamp(&left, &right)),
            (Timestamp(..), other) | (other, Timestamp(..))
                if self.minus && (coerce::is_datetime(other) || matches!(other, Null | Utf8)) =>
            {
                return self.between_timestamps(left, right).map(Some);
            }
            (Date32 | Null | Utf8, Date32) if self.minus => return self.between_dates(left, right).map(Some),
            (Date32, Utf8) if self.minus && self.call.context.ansi => return self.between_dates(left, right).map(Some),
            (Date32, Null) | (Null, Date32) if !self.minus => Typed::null(&coerce::timestamp()),
            (Date32, other) if !matches!(other, Timestamp(..)) => return self.date_and_days(left, right).map(Some),
            (other, Date32) if !self.minus && !matches!(other, Timestamp(..)) => {
                return self.date_and_days(right, left).map(Some);
            }
            _ => return Ok(None),
        };
        Ok(Some(found))
    }

    fn cast(&self, value: Typed, to: &DataType) -> Result<Typed> {
        cast(value, to, CastMode::Session, self.call.context, self.call.origin)
    }

    fn sign(&self) -> i64 {
        if self.minus { -1 } else { 1 }
    }

    /// Result of two columns, row by row; `None` raises, or is NULL for the `try_` functions.
    fn two<I: ArrowPrimitiveType, J: ArrowPrimitiveType, O: ArrowPrimitiveType>(
        &self,
        (left, right): (Typed, Typed),
        data_type: DataType,
        key: String,
        operation: impl Fn(I::Native, J::Native) -> Result<Option<O::Native>> + Send + Sync + 'static,
        error: Option<fn(&'static str) -> Error>,
    ) -> Typed {
        let tries = self.overflow == Overflow::Null;
        let instead = if self.minus { "try_subtract" } else { "try_add" };
        let nullable = left.nullable || right.nullable || tries;
        let target = data_type.clone();
        let key = format!("{key} {} {tries}", self.minus);
        let kernel = Kernel::new(self.call.name, key, data_type, nullable, move |arguments| {
            let left = Column::<arrow::array::PrimitiveArray<I>>::of(arguments, 0)?;
            let right = Column::<arrow::array::PrimitiveArray<J>>::of(arguments, 1)?;
            let out = numbers::<O>(arguments, |row| {
                let (Some(a), Some(b)) = (left.at(row), right.at(row)) else { return Ok(None) };
                match (operation(a, b)?, error) {
                    (None, Some(error)) if !tries => Err(error(instead)),
                    (value, _) => Ok(value),
                }
            })?;
            Ok(out.cast_to(&target, None)?)
        });
        // No place is given: these errors of Spark's have none.
        let kernel = if error.is_some() && !tries { kernel.fallible() } else { kernel };
        kernel.call(vec![left, right])
    }

    fn date_and_days(&self, date: Typed, days: Typed) -> Result<Typed> {
        if !matches!(days.data_type, DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Null) {
            return Err(self.no_days(&date, &days));
        }
        let days = self.cast(days, &DataType::Int32)?;
        let sign = self.sign() as i32;
        let add = move |date: i32, days: i32| Ok(Some(date.wrapping_add(days.wrapping_mul(sign))));
        let operands = (date, days);
        let moved = self.two::<Date32Type, Int32Type, Date32Type>(operands, DataType::Date32, "days".into(), add, None);
        Ok(moved.spelled(BackendId::DuckDb, if self.minus { "({0} - {1})" } else { "({0} + {1})" }))
    }

    fn date_and_day_time(&self, date: Typed, interval: Typed) -> Typed {
        let sign = self.sign();
        let add = move |date: i32, micros: i64| Ok(Some(date.wrapping_add((sign * (micros / MICROS_PER_DAY)) as i32)));
        let operands = (date, interval);
        self.two::<Date32Type, DurationMicrosecondType, Date32Type>(
            operands,
            DataType::Date32,
            "days".into(),
            add,
            None,
        )
    }

    fn date_and_months(&self, date: Typed, interval: Typed) -> Typed {
        let sign = self.sign();
        let add = move |date: i32, months: i32| Ok(_shift::date_plus(date, sign * i64::from(months), 0));
        self.two::<Date32Type, IntervalYearMonthType, Date32Type>(
            (date, interval),
            DataType::Date32,
            "months".into(),
            add,
            Some(integer_overflow),
        )
    }

    fn date_and_calendar(&self, date: Typed, interval: Typed) -> Typed {
        let sign = self.sign();
        let ansi = self.call.context.ansi;
        let zone = Zone::of_session(self.call.context).unwrap_or(Zone::UTC);
        let key = format!("calendar {ansi} {}", self.call.context.time_zone_name);
        let nullable = !ansi;
        let add = move |date: i32, interval: IntervalMonthDayNano| {
            let (months, days) = (sign * i64::from(interval.months), sign * i64::from(interval.days));
            let micros = sign * (interval.nanoseconds / 1000);
            match (micros, ansi) {
                (0, _) => Ok(_shift::date_plus(date, months, days)),
                (_, true) => Err(Error::new(Kind::IllegalArgument, "INVALID_INTERVAL_WITH_MICROSECONDS_ADDITION")),
                _ => {
                    let start = _shift::midnight(zone, i64::from(date));
                    let moved = start.and_then(|start| _shift::plus(zone, start, months, days, micros));
                    Ok(moved.and_then(|moved| i32::try_from(zone.days(moved)).ok()))
                }
            }
        };
        let moved = self.two::<Date32Type, IntervalMonthDayNanoType, Date32Type>(
            (date, interval),
            DataType::Date32,
            key,
            add,
            Some(integer_overflow),
        );
        Typed { nullable: moved.nullable || nullable, ..moved }
    }

    fn timestamp_and_interval(&self, stamp: Typed, interval: Typed) -> Typed {
        let sign = self.sign();
        let data_type = stamp.data_type.clone();
        let zoned = matches!(data_type, DataType::Timestamp(_, Some(_)));
        let zone = match zoned {
            true => Zone::of_session(self.call.context).unwrap_or(Zone::UTC),
            false => Zone::UTC,
        };
        let key = format!("{data_type} {}", self.call.context.time_zone_name);
        let error = Some(long_overflow as fn(&'static str) -> Error);
        let interval_type = interval.data_type.clone();
        let operands = (stamp, interval);
        match interval_type {
            DataType::Duration(_) => {
                // A day-time interval is a length of time, days and all: 24 hours each.
                let add = move |stamp: i64, micros: i64| {
                    let days = micros / MICROS_PER_DAY;
                    Ok(_shift::plus(zone, stamp, 0, sign * days, sign * (micros % MICROS_PER_DAY)))
                };
                self.two::<TimestampMicrosecondType, DurationMicrosecondType, TimestampMicrosecondType>(
                    operands, data_type, key, add, error,
                )
            }
            DataType::Interval(IntervalUnit::YearMonth) => {
                let add = move |stamp: i64, months: i32| Ok(_shift::plus(zone, stamp, sign * i64::from(months), 0, 0));
                self.two::<TimestampMicrosecondType, IntervalYearMonthType, TimestampMicrosecondType>(
                    operands, data_type, key, add, error,
                )
            }
            _ => {
                let add = move |stamp: i64, interval: IntervalMonthDayNano| {
                    let (months, days) = (sign * i64::from(interval.months), sign * i64::from(interval.days));
                    Ok(_shift::plus(zone, stamp, months, days, sign * (interval.nanoseconds / 1000)))
                };
                self.two::<TimestampMicrosecondType, IntervalMonthDayNanoType, TimestampMicrosecondType>(
                    operands, data_type, key, add, error,
                )
            }
        }
    }

    /// The length between two times, as the clocks of the session's zone show them.
    fn between_timestamps(&self, left: Typed, right: Typed) -> Result<Typed> {
        let zoneless = |value: &Typed| matches!(value.data_type, DataType::Timestamp(_, None));
        let zoned = |value: &Typed| matches!(value.data_type, DataType::Timestamp(_, Some(_)));
        let shared = match (zoned(&left) || zoned(&right), zoneless(&left) || zoneless(&right)) {
            (false, true) => coerce::timestamp_ntz(),
            _ => coerce::timestamp(),
        };
        let zone = match &shared {
            DataType::Timestamp(_, Some(_)) => Zone::of_session(self.call.context)?,
            _ => Zone::UTC,
        };
        let operands = (self.cast(left, &shared)?, self.cast(right, &shared)?);
        let key = format!("between {shared} {}", self.call.context.time_zone_name);
        let subtract = move |end: i64, start: i64| Ok(zone.to_local(end).checked_sub(zone.to_local(start)));
        Ok(self.two::<TimestampMicrosecondType, TimestampMicrosecondType, DurationMicrosecondType>(
            operands,
            DataType::Duration(arrow::datatypes::TimeUnit::Microsecond),
            key,
            subtract,
            Some(long_overflow),
        ))
    }

    fn between_dates(&self, left: Typed, right: Typed) -> Result<Typed> {
        let operands = (self.cast(left, &DataType::Date32)?, self.cast(right, &DataType::Date32)?);
        let subtract = |end: i32, start: i32| Ok((i64::from(end) - i64::from(start)).checked_mul(MICROS_PER_DAY));
        let length = self.two::<Date32Type, Date32Type, DurationMicrosecondType>(
            operands,
            DataType::Duration(arrow::datatypes::TimeUnit::Microsecond),
            "between dates".into(),
            subtract,
            Some(long_overflow),
        );
        Ok(length.with_written(Some(SparkType::DayTimeInterval(DayTimeField::Day, DayTimeField::Day))))
    }

    fn intervals(&self, left: Typed, right: Typed) -> Result<Typed> {
        let written = wider_fields(&left.spark_type(), &right.spark_type());
        let data_type = left.data_type.clone();
        let minus = self.minus;
        let error = Some(interval_overflow as fn(&'static str) -> Error);
        let key = String::from("intervals");
        let operands = (left, right);
        let sum = match &data_type {
            DataType::Duration(_) => {
                let add = move |a: i64, b: i64| Ok(if minus { a.checked_sub(b) } else { a.checked_add(b) });
                self.two::<DurationMicrosecondType, DurationMicrosecondType, DurationMicrosecondType>(
                    operands, data_type, key, add, error,
                )
            }
            DataType::Interval(IntervalUnit::YearMonth) => {
                let add = move |a: i32, b: i32| Ok(if minus { a.checked_sub(b) } else { a.checked_add(b) });
                self.two::<IntervalYearMonthType, IntervalYearMonthType, IntervalYearMonthType>(
                    operands, data_type, key, add, error,
                )
            }
            _ => {
                let sign = self.sign();
                let add = move |a: IntervalMonthDayNano, b: IntervalMonthDayNano| {
                    let narrow = |a: i32, b: i32| i32::try_from(i64::from(a) + sign * i64::from(b)).ok();
                    let micros = b.nanoseconds.checked_mul(sign).and_then(|b| a.nanoseconds.checked_add(b));
                    Ok(narrow(a.months, b.months)
                        .zip(narrow(a.days, b.days))
                        .zip(micros)
                        .map(|((months, days), nanos)| IntervalMonthDayNano::new(months, days, nanos)))
                };
                self.two::<IntervalMonthDayNanoType, IntervalMonthDayNanoType, IntervalMonthDayNanoType>(
                    operands, data_type, key, add, error,
                )
            }
        };
        Ok(sum.with_written(written))
    }

    fn no_days(&self, date: &Typed, days: &Typed) -> Error {
        let name = if self.minus { "date_sub" } else { "date_add" };
        let swapped = self.call.arguments.first().is_some_and(|first| first.data_type != date.data_type);
        let (first, second) = if swapped { (1, 0) } else { (0, 1) };
        let (date, text) = ((self.call.text)(Some(first)), (self.call.text)(Some(second)));
        Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
            .with("sqlExpr", format!("\"{name}({date}, {text})\""))
            .with("paramIndex", "second")
            .with("requiredType", "(\"INT\" or \"SMALLINT\" or \"TINYINT\")")
            .with("inputSql", format!("\"{text}\""))
            .with("inputType", format!("\"{}\"", days.spark_type().sql()))
            .at(self.call.origin)
    }

    fn no_timestamp(&self, other: &Typed, interval: &Typed) -> Error {
        let swapped = self.call.arguments.first().is_some_and(|first| first.data_type == interval.data_type);
        let (first, second) = if swapped { (1, 0) } else { (0, 1) };
        let (text, interval) = ((self.call.text)(Some(first)), (self.call.text)(Some(second)));
        let interval = if self.minus { format!("(- {interval})") } else { interval };
        Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE")
            .with("sqlExpr", format!("\"{text} + {interval}\""))
            .with("paramIndex", "first")
            .with("requiredType", "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"")
            .with("inputSql", format!("\"{text}\""))
            .with("inputType", format!("\"{}\"", other.spark_type().sql()))
            .at(self.call.origin)
    }
}

fn is_days(interval: &Typed) -> bool {
    interval.spark_type() == SparkType::DayTimeInterval(DayTimeField::Day, DayTimeField::Day)
}

/// From the first field of either interval to the last.
pub(crate) fn wider_fields(left: &SparkType, right: &SparkType) -> Option<SparkType> {
    match (left, right) {
        (SparkType::DayTimeInterval(a, b), SparkType::DayTimeInterval(c, d)) => {
            Some(SparkType::DayTimeInterval(*a.min(c), *b.max(d)))
        }
        (SparkType::YearMonthInterval(a, b), SparkType::YearMonthInterval(c, d)) => {
            Some(SparkType::YearMonthInterval(*a.min(c), *b.max(d)))
        }
        _ => None,
    }
}

/// Spark 4.1 `INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION`.
pub(crate) fn interval_overflow(instead: &'static str) -> Error {
    Error::new(Kind::Arithmetic, "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION")
        .with("functionName", format!("`{instead}`"))
}

/// What Java itself says of a long that overflows; Spark 4.1 passes it on.
pub(crate) fn long_overflow(_: &'static str) -> Error {
    Error::message(Kind::Arithmetic, "long overflow")
}

fn integer_overflow(_: &'static str) -> Error {
    Error::message(Kind::Arithmetic, "integer overflow")
}

/// The fields of an interval that was multiplied or divided: all of them.
pub(crate) fn all_fields(data_type: &DataType) -> Option<SparkType> {
    match data_type {
        DataType::Duration(_) => Some(SparkType::DayTimeInterval(DayTimeField::Day, DayTimeField::Second)),
        DataType::Interval(IntervalUnit::YearMonth) => {
            Some(SparkType::YearMonthInterval(YearMonthField::Year, YearMonthField::Month))
        }
        _ => None,
    }
}
