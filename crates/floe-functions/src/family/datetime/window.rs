//! `window(time, duration [, slide [, start]])`: the windows of fixed length a time falls into, each a struct of its start
//! and its end (which is not in it).
//!
//! One window is a struct. Windows that overlap (a slide shorter than the duration) are an array of them: several rows for
//! one are made in the plan, which is also where rows without a time go.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, PrimitiveArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, TimestampMicrosecondType};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Result};

use super::_error::long_overflow;
use super::_kernel::{kernel, raises, timestamp};
use super::window_time::{is_window, last_moment};
use crate::family::aggregate::_aggregate::list_of;
use crate::family::aggregate::_constant::{out_of_range, unexpected_null};
use crate::rows::{any, finish};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("window", bind)
        .usage("window(time_column, window_duration[, slide_duration[, start_time]]) - Bucketize rows into one or more time windows."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 4)?;
    let time = match call.argument(0)?.data_type {
        DataType::Timestamp(..) => call.argument(0)?.clone(),
        _ if is_window(&call.argument(0)?.data_type) => last_moment(call)?,
        _ => call.coerced(0, &timestamp(), "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\")")?,
    };
    let duration = micros(call, 1)?;
    let slide = if call.arguments.len() > 2 { micros(call, 2)? } else { duration };
    let start = if call.arguments.len() > 3 { micros(call, 3)? } else { 0 };
    for (name, value) in [("`window_duration`", duration), ("`slide_duration`", slide)] {
        if value < 1 {
            return Err(out_of_range(call, name, "(0, 9223372036854775807]", format!("{value}L")));
        }
    }
    let violated = |left: (&str, i64), operator: &str, right: (&str, i64)| {
        Error::analysis("DATATYPE_MISMATCH.PARAMETER_CONSTRAINT_VIOLATION")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("leftExprName", left.0)
            .with("leftExprValue", format!("{}L", left.1))
            .with("constraint", operator)
            .with("rightExprName", right.0)
            .with("rightExprValue", format!("{}L", right.1))
            .at(call.origin)
    };
    if slide > duration {
        return Err(violated(("`slide_duration`", slide), "<=", ("`window_duration`", duration)));
    }
    if start.saturating_abs() >= slide {
        return Err(violated(("`abs(start_time)`", start.saturating_abs()), "<", ("`slide_duration`", slide)));
    }
    let of = time.data_type.clone();
    let members: Fields = vec![Field::new("start", of.clone(), true), Field::new("end", of, true)].into();
    let window = DataType::Struct(members.clone());
    let spans = Spans { duration, slide, start, members };
    let key = format!("{duration} {slide} {start}");
    if slide < duration {
        let result = raises(list_of(&window, false), false);
        return Ok(kernel(call, key, vec![time], result, move |arguments| {
            finish(arguments, spans.all(&any(arguments, 0)?.array)?)
        }));
    }
    Ok(kernel(call, key, vec![time], raises(window, false), move |arguments| {
        let times = any(arguments, 0)?.array;
        if times.null_count() > 0 {
            // Spark drops such rows, which a value cannot do.
            return Err(Error::unsupported("`window` of a time that is NULL (filter such rows first)"));
        }
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let starts = times.values().iter().map(|time| spans.last_start(*time)).collect();
        finish(arguments, spans.structs(starts, times.data_type())?)
    }))
}

/// Windows of one length at equal distances.
struct Spans {
    duration: i64,
    slide: i64,
    start: i64,
    members: Fields,
}

impl Spans {
    /// The start of the last window that holds a time.
    fn last_start(&self, time: i64) -> i64 {
        time - (time - self.start).rem_euclid(self.slide)
    }

    /// Every window of every time, the earliest first; none for NULL.
    fn all(&self, times: &ArrayRef) -> Result<ArrayRef> {
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let mut starts = Vec::new();
        let mut lengths = Vec::with_capacity(times.len());
        for time in times {
            let before = starts.len();
            if let Some(time) = time {
                let last = self.last_start(time);
                let most = (self.duration - 1) / self.slide;
                let all = (0..=most).rev().map(|back| last - back * self.slide);
                starts.extend(all.filter(|start| time < start.saturating_add(self.duration)));
            }
            lengths.push(starts.len() - before);
        }
        let windows = self.structs(starts, times.data_type())?;
        let element = Arc::new(Field::new("element", windows.data_type().clone(), false));
        Ok(Arc::new(ListArray::try_new(element, OffsetBuffer::from_lengths(lengths), windows, None)?))
    }

    fn structs(&self, starts: Vec<i64>, data_type: &DataType) -> Result<ArrayRef> {
        let end = |start: &i64| start.checked_add(self.duration).ok_or_else(long_overflow);
        let ends = starts.iter().map(end).collect::<Result<Vec<_>>>()?;
        let typed = |values: Vec<i64>| {
            let values = PrimitiveArray::<TimestampMicrosecondType>::from(values);
            Arc::new(values.with_data_type(data_type.clone())) as ArrayRef
        };
        Ok(Arc::new(StructArray::try_new(self.members.clone(), vec![typed(starts), typed(ends)], None)?))
    }
}

/// A duration: the text of an interval, or a number of microseconds.
fn micros(call: &Call<'_>, index: usize) -> Result<i64> {
    match call.argument(index)?.literal() {
        Some(ScalarValue::Utf8(Some(text))) => {
            let interval = crate::cast::interval::read_calendar(text).ok_or_else(|| {
                Error::analysis("CANNOT_PARSE_INTERVAL").with("intervalString", format!("'{text}'")).at(call.origin)
            })?;
            if interval.months != 0 {
                let text = format!("Intervals greater than a month is not supported ({text}).");
                return Err(Error::message(Kind::IllegalArgument, text).at(call.origin));
            }
            Ok(i64::from(interval.days) * super::_civil::MICROS_PER_DAY + interval.nanoseconds / 1000)
        }
        Some(ScalarValue::Int32(Some(micros))) => Ok(i64::from(*micros)),
        Some(ScalarValue::Int64(Some(micros))) => Ok(*micros),
        Some(value) if value.is_null() => Err(unexpected_null(call, "duration")),
        _ => {
            let text = "The duration and time inputs to window must be an integer, long or string literal.";
            Err(Error::message(Kind::Analysis, text).at(call.origin))
        }
    }
}
