//! `sequence(start, stop[, step])`: numbers, dates or timestamps at even steps, both ends in it.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int64Array, ListArray, NullBufferBuilder, TimestampMicrosecondArray,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::cast as convert;
use arrow::datatypes::{
    DataType, Date32Type, Field, FieldRef, Int64Type, IntervalMonthDayNanoType, IntervalUnit, IntervalYearMonthType,
    TimeUnit, TimestampMicrosecondType,
};
use datafusion::scalar::ScalarValue;
use floe_base::error::Kind;
use floe_base::{Error, Result};

use super::_list::{ELEMENTS_MAX, to, too_many};
use crate::family::datetime::_shift::plus;
use crate::family::datetime::_zone::Zone;
use crate::rows;
use crate::{Arguments, Call, Function, Typed, coerce};

pub(crate) const FUNCTIONS: &[Function] = &[Function::scalar("sequence", bind)
    .usage("sequence(start, stop[, step]) - Returns the values from start to stop, both in it, at even steps.")];

const DAY: i64 = 86_400_000_000;

/// Spark's arrays hold no more (`ByteArrayMethods.MAX_ROUNDED_ARRAY_LENGTH`).
const LENGTH_MAX: i64 = 2_147_483_632;

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.between(2, 3)?;
    let ends = call.arguments.get(..2).unwrap_or_default().to_vec();
    let steps = call.arguments.get(2).cloned();
    let nullable = call.any_nullable();
    let numeric =
        ends.iter().chain(&steps).all(|end| end.data_type.is_signed_integer() || end.data_type == DataType::Null);
    if numeric {
        let values = call.arguments.clone();
        let values = coerce::unify(values, call.context, call.origin).unwrap_or_else(|| Err(wrong_types(call)))?;
        let data_type = values.first().map_or(DataType::Int32, |value| value.data_type.clone());
        return Ok(numbers(call, values, &data_type, nullable));
    }
    let mut ends = coerce::unify(ends, call.context, call.origin).unwrap_or_else(|| Err(wrong_types(call)))?;
    let data_type = ends.first().map_or(DataType::Null, |end| end.data_type.clone());
    if !matches!(data_type, DataType::Date32 | DataType::Timestamp(TimeUnit::Microsecond, _)) {
        return Err(wrong_types(call));
    }
    let step = match steps {
        None => Typed::constant(ScalarValue::DurationMicrosecond(Some(DAY))),
        Some(step) => match step.data_type {
            DataType::Interval(IntervalUnit::YearMonth | IntervalUnit::MonthDayNano) | DataType::Duration(_) => step,
            DataType::Null => to(call, step, &DataType::Duration(TimeUnit::Microsecond))?,
            _ => return Err(wrong_types(call)),
        },
    };
    let has_step = call.arguments.len() == 3;
    ends.push(step);
    let element: FieldRef = Arc::new(Field::new("element", data_type.clone(), false));
    let local = matches!(&data_type, DataType::Timestamp(_, Some(_)));
    let zone = if local { Some(Zone::of_session(call.context)?) } else { None };
    let key = format!("{has_step} {}", if local { &call.context.time_zone_name } else { "" });
    Ok(call.raising(key, ends, DataType::List(element.clone()), nullable, move |arguments| {
        times(arguments, &element, has_step, zone)
    }))
}

fn wrong_types(call: &Call<'_>) -> Error {
    Error::analysis("DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("functionName", format!("`{}`", call.name))
        .with("startType", "(\"TIMESTAMP\" or \"TIMESTAMP_NTZ\" or \"DATE\")")
        .with("stepType", "(\"INTERVAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL DAY TO SECOND\")")
        .with("otherStartType", "\"INTEGRAL\"")
        .at(call.origin)
}

/// Lists of values row by row.
struct Rows<T> {
    values: Vec<T>,
    offsets: Vec<i32>,
    validity: NullBufferBuilder,
}

impl<T> Rows<T> {
    fn new(rows: usize) -> Self {
        Self { values: Vec::new(), offsets: vec![0], validity: NullBufferBuilder::new(rows) }
    }

    fn end_row(&mut self, valid: bool) -> Result<()> {
        let end = i32::try_from(self.values.len())
            .map_err(|_| too_long(i64::try_from(self.values.len()).unwrap_or(i64::MAX)))?;
        self.offsets.push(end);
        self.validity.append(valid);
        Ok(())
    }

    fn finish(mut self, element: &FieldRef, values: impl FnOnce(Vec<T>) -> ArrayRef) -> Result<ArrayRef> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let values = convert(&values(self.values), element.data_type())?;
        Ok(Arc::new(ListArray::try_new(element.clone(), offsets, values, self.validity.finish())?))
    }
}

fn too_long(length: i64) -> Error {
    Error::new(Kind::Runtime, "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER")
        .with("numberOfElements", length.to_string())
        .with("functionName", "`sequence`")
        .with("maxRoundedArrayLength", LENGTH_MAX.to_string())
        .with("parameter", "`count`")
}

/// Steps over whole numbers; the caller has checked nothing.
fn steps(start: i64, stop: i64, step: i64, text: impl Fn(i64) -> String) -> Result<impl Iterator<Item = i64>> {
    let fits = (step > 0 && start <= stop) || (step < 0 && start >= stop) || (step == 0 && start == stop);
    if !fits {
        return Err(illegal(&text(start), &text(stop), &step.to_string()));
    }
    let length = if step == 0 { 1 } else { (i128::from(stop) - i128::from(start)) / i128::from(step) + 1 };
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    if length > LENGTH_MAX {
        return Err(too_long(length));
    }
    if usize::try_from(length).is_ok_and(|length| length > ELEMENTS_MAX) {
        return Err(too_many(usize::try_from(length).unwrap_or(usize::MAX)));
    }
    Ok((0..length).map(move |nth| start.wrapping_add(nth.wrapping_mul(step))))
}

/// Java's `require`, which has no condition of its own.
fn illegal(start: &str, stop: &str, step: &str) -> Error {
    let text = format!("requirement failed: Illegal sequence boundaries: {start} to {stop} by {step}");
    Error::message(Kind::IllegalArgument, text)
}

fn numbers(call: &Call<'_>, values: Vec<Typed>, data_type: &DataType, nullable: bool) -> Typed {
    let element: FieldRef = Arc::new(Field::new("element", data_type.clone(), false));
    call.raising("", values, DataType::List(element.clone()), nullable, move |arguments| {
        let columns = (0..arguments.values.len()).map(|index| {
            let column = rows::any(arguments, index)?;
            let array = convert(&column.array, &DataType::Int64)?.as_primitive::<Int64Type>().clone();
            Ok(rows::Longs { array, constant: column.constant })
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let rows = rows::count(arguments);
        let mut out = Rows::new(rows);
        for row in rows::each(arguments) {
            let row = row?;
            let values: Option<Vec<i64>> = columns.iter().map(|column| column.at(row)).collect();
            let valid = values.is_some();
            if let Some([start, stop, step @ ..]) = values.as_deref() {
                let step = step.first().copied().unwrap_or(if start <= stop { 1 } else { -1 });
                out.values.extend(steps(*start, *stop, step, |value| value.to_string())?);
            }
            out.end_row(valid)?;
        }
        rows::finish(arguments, out.finish(&element, |values| Arc::new(Int64Array::from(values)))?)
    })
}

fn zone_of(element: &FieldRef) -> Option<Arc<str>> {
    match element.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        _ => None,
    }
}

/// One step in time.
#[derive(Clone, Copy)]
struct Step {
    months: i64,
    days: i64,
    micros: i64,
}

impl Step {
    fn at(array: &ArrayRef, row: usize) -> Self {
        match array.data_type() {
            DataType::Interval(IntervalUnit::YearMonth) => {
                let months = array.as_primitive::<IntervalYearMonthType>().value(row);
                Self { months: months.into(), days: 0, micros: 0 }
            }
            DataType::Interval(_) => {
                let value = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
                Self { months: value.months.into(), days: value.days.into(), micros: value.nanoseconds / 1000 }
            }
            _ => {
                let micros = array.as_primitive::<arrow::datatypes::DurationMicrosecondType>().value(row);
                Self { months: 0, days: 0, micros }
            }
        }
    }

    /// Its length where a month has 28 days: only the sign, and the estimate of the size, depend on it.
    fn estimate(self) -> i64 {
        self.micros.saturating_add(self.days.saturating_mul(DAY)).saturating_add(self.months.saturating_mul(28 * DAY))
    }

    /// As Spark names it in the error: a number where it has one part, else as an interval.
    fn text(self) -> String {
        match (self.months, self.days, self.micros) {
            (months, 0, 0) => return months.to_string(),
            (0, 0, micros) => return micros.to_string(),
            _ => {}
        }
        let mut parts = Vec::new();
        let mut part = |value: i64, unit: &str| {
            if value != 0 {
                parts.push(format!("{value} {unit}"))
            }
        };
        part(self.months, "months");
        part(self.days, "days");
        part(self.micros, "microseconds");
        if parts.is_empty() { "0 seconds".into() } else { parts.join(" ") }
    }
}

/// Spark 4.1 `Sequence.TemporalSequenceImpl`: each value is the start plus n steps, in the session's zone.
fn times(
    arguments: &Arguments<'_>,
    element: &FieldRef,
    has_step: bool,
    zone: Option<Zone>,
) -> Result<datafusion::logical_expr::ColumnarValue> {
    let dates = element.data_type() == &DataType::Date32;
    let ends = [rows::any(arguments, 0)?, rows::any(arguments, 1)?];
    let step_column = rows::any(arguments, 2)?;
    let micros = |end: usize, row: usize| {
        let column = ends.get(end)?;
        let at = column.place(row);
        if column.array.is_null(at) {
            return None;
        }
        match dates {
            true => Some(i64::from(column.array.as_primitive::<Date32Type>().value(at)) * DAY),
            false => Some(column.array.as_primitive::<TimestampMicrosecondType>().value(at)),
        }
    };
    let rows = rows::count(arguments);
    let mut out = Rows::new(rows);
    for row in rows::each(arguments) {
        let row = row?;
        let at = step_column.place(row);
        let (Some(start), Some(stop), true) = (micros(0, row), micros(1, row), step_column.array.is_valid(at)) else {
            out.end_row(false)?;
            continue;
        };
        let mut step = Step::at(&step_column.array, at);
        if !has_step && stop < start {
            step.micros = -step.micros;
        }
        let days_only = step.micros % DAY == 0;
        if dates && (!days_only || (step.months == 0 && step.days == 0 && step.micros == 0 && start != stop)) {
            let text =
                "sequence step must be an interval day to second of day granularity if start and end values are dates";
            return Err(Error::message(Kind::IllegalArgument, text));
        }
        if step.months == 0 && (zone.is_none() || step.days == 0) {
            let by = step.days * DAY + step.micros;
            out.values.extend(steps(start, stop, by, |value| value.to_string())?);
        } else {
            walk(start, stop, step, zone, &mut out.values)?;
        }
        out.end_row(true)?;
    }
    let finished = out.finish(element, |values| match dates {
        true => Arc::new(Date32Array::from_iter_values(
            values.into_iter().map(|micros| i32::try_from(micros.div_euclid(DAY)).unwrap_or(i32::MAX)),
        )),
        false => Arc::new(TimestampMicrosecondArray::from(values).with_timezone_opt(zone_of(element))),
    });
    rows::finish(arguments, finished?)
}

fn walk(start: i64, stop: i64, step: Step, zone: Option<Zone>, out: &mut Vec<i64>) -> Result<()> {
    let size = step.estimate();
    let fits = (size > 0 && start <= stop) || (size < 0 && start >= stop) || (size == 0 && start == stop);
    if !fits {
        return Err(illegal(&start.to_string(), &stop.to_string(), &step.text()));
    }
    let first = out.len();
    let mut next = start;
    let mut nth = 0_i64;
    while (size >= 0 && next <= stop) || (size < 0 && next >= stop) {
        out.push(next);
        nth += 1;
        if size == 0 {
            break;
        }
        if i64::try_from(out.len() - first).unwrap_or(i64::MAX) > LENGTH_MAX {
            return Err(too_long(nth));
        }
        // Months and days by the calendar of the zone, from the start each time: January 31st, then the last of each month.
        let times = |part: i64| part.checked_mul(nth);
        let (Some(months), Some(days), Some(micros)) = (times(step.months), times(step.days), times(step.micros))
        else {
            break;
        };
        let Some(later) = plus(zone.unwrap_or(Zone::UTC), start, months, days, micros) else { break };
        next = later;
    }
    Ok(())
}
