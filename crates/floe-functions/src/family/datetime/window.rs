//! `window(time, duration [, slide [, start]])`: the window of fixed length a time falls into, as a struct of its start and
//! its end (which is not in it).
//!
//! Windows that overlap (a slide shorter than the duration) give several rows for one, `session_window` looks at the rows
//! around: both need a place in the plan, which they do not have yet; nor has `window_time`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields, TimestampMicrosecondType};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Result};

use super::_error::long_overflow;
use super::_kernel::{kernel, raises, timestamp};
use crate::family::aggregate::_constant::{out_of_range, unexpected_null};
use crate::rows::{any, finish};
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("window", bind)
        .usage("window(time_column, window_duration[, slide_duration[, start_time]]) - Bucketize rows into one or more time windows."),
    Function::scalar("session_window", unsupported)
        .usage("session_window(time_column, gap_duration) - Generates session window given a timestamp specifying column and gap duration."),
    Function::scalar("window_time", unsupported)
        .usage("window_time(window_column) - Extract the time value from time/session window column."),
];

fn unsupported(call: &Call<'_>) -> Result<Typed> {
    Err(Error::unsupported(format!("function `{}`", call.name)).at(call.origin))
}

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 4)?;
    let time = match call.argument(0)?.data_type {
        DataType::Timestamp(..) => call.argument(0)?.clone(),
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
    if slide != duration {
        return Err(Error::unsupported("`window` with windows that overlap").at(call.origin));
    }
    let of = time.data_type.clone();
    let members: Fields = vec![Field::new("start", of.clone(), true), Field::new("end", of, true)].into();
    let result = raises(DataType::Struct(members.clone()), false);
    Ok(kernel(call, format!("{duration} {start}"), vec![time], result, move |arguments| {
        let times = any(arguments, 0)?.array;
        if times.null_count() > 0 {
            // Spark drops such rows, which a value cannot do.
            return Err(Error::unsupported("`window` of a time that is NULL (filter such rows first)"));
        }
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let starts: PrimitiveArray<TimestampMicrosecondType> =
            times.unary(|time| time - (time - start).rem_euclid(duration));
        let ends = starts.try_unary::<_, TimestampMicrosecondType, Error>(|start| {
            start.checked_add(duration).ok_or_else(long_overflow)
        })?;
        let typed = |array: PrimitiveArray<TimestampMicrosecondType>| {
            Arc::new(array.with_data_type(times.data_type().clone())) as ArrayRef
        };
        let windows = StructArray::try_new(members.clone(), vec![typed(starts), typed(ends)], None)?;
        finish(arguments, Arc::new(windows))
    }))
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
