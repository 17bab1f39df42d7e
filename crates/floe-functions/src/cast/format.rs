//! Values into text as CAST writes them: `[1, null]`, `{a -> 1}`, `{1, x}`, `INTERVAL '1' DAY`.

use std::fmt::Write as _;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray,
    Float32Array, Float64Array, Int64Array, IntervalMonthDayNanoArray, IntervalYearMonthArray, OffsetSizeTrait,
    StringArray, Time64NanosecondArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, IntervalUnit};
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::data_type::{DayTimeField, YearMonthField};

use super::convert::arrow_cast;
use super::decimal::Decimal;
use super::{Rules, double, interval, time};
use crate::family::datetime::_zone::Zone;

/// An array ready to be written row by row.
pub struct Writer {
    shape: Shape,
    nulls: Option<NullBuffer>,
    style: Style,
}

/// What differs between CAST and `show`.
#[derive(Clone, Debug)]
pub(super) struct Style {
    pub(super) zone: Zone,
    /// A NULL inside something nested.
    pub(super) null: &'static str,
    /// Decimals without an exponent (ANSI); with one as Java has it (legacy).
    pub(super) plain_decimals: bool,
    /// Structs with their fields' names, and bytes as `[61 62]`.
    pub(super) show: bool,
}

enum Shape {
    Null,
    Boolean(BooleanArray),
    Integer(Int64Array),
    Float(Float32Array),
    Double(Float64Array),
    Decimal(Decimal128Array),
    Text(StringArray),
    Bytes(BinaryArray),
    Date(Date32Array),
    Timestamp { micros: TimestampMicrosecondArray, zoned: bool },
    Time(Time64NanosecondArray),
    YearMonth(IntervalYearMonthArray, YearMonthField, YearMonthField),
    DayTime(DurationMicrosecondArray, DayTimeField, DayTimeField),
    Calendar(IntervalMonthDayNanoArray),
    List(OffsetBuffer<i32>, Box<Writer>),
    Map(OffsetBuffer<i32>, Box<Writer>, Box<Writer>),
    Struct(Vec<Writer>),
}

impl Writer {
    pub(super) fn cast(array: &ArrayRef, data_type: &SparkType, rules: &Rules) -> Result<Self> {
        let style = Style { zone: rules.zone, null: "null", plain_decimals: !rules.legacy(), show: false };
        Self::new(array, data_type, style)
    }

    pub(super) fn new(array: &ArrayRef, data_type: &SparkType, style: Style) -> Result<Self> {
        let part = |array: &ArrayRef, data_type: &SparkType| Self::new(array, data_type, style.clone()).map(Box::new);
        let shape = match (array.data_type(), data_type) {
            (DataType::Null, _) => Shape::Null,
            (DataType::Boolean, _) => Shape::Boolean(array.as_boolean().clone()),
            (DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64, _) => {
                Shape::Integer(arrow_cast(array, &DataType::Int64)?.as_primitive().clone())
            }
            (DataType::Float32, _) => Shape::Float(array.as_primitive().clone()),
            (DataType::Float64, _) => Shape::Double(array.as_primitive().clone()),
            (DataType::Decimal128(..), _) => Shape::Decimal(array.as_primitive().clone()),
            (DataType::Utf8, _) => Shape::Text(array.as_string().clone()),
            (DataType::LargeUtf8 | DataType::Utf8View, _) => {
                Shape::Text(arrow_cast(array, &DataType::Utf8)?.as_string().clone())
            }
            (DataType::Binary, _) => Shape::Bytes(array.as_binary().clone()),
            (DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_), _) => {
                Shape::Bytes(arrow_cast(array, &DataType::Binary)?.as_binary().clone())
            }
            (DataType::Date32, _) => Shape::Date(array.as_primitive().clone()),
            (DataType::Timestamp(_, zone), _) => {
                let exact = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, zone.clone());
                let micros = arrow_cast(array, &exact)?.as_primitive().clone();
                Shape::Timestamp { micros, zoned: zone.is_some() }
            }
            (DataType::Time64(_), _) => Shape::Time(array.as_primitive().clone()),
            (DataType::Interval(IntervalUnit::YearMonth), SparkType::YearMonthInterval(from, to)) => {
                Shape::YearMonth(array.as_primitive().clone(), *from, *to)
            }
            (DataType::Duration(_), SparkType::DayTimeInterval(from, to)) => {
                Shape::DayTime(array.as_primitive().clone(), *from, *to)
            }
            (DataType::Interval(IntervalUnit::MonthDayNano), _) => Shape::Calendar(array.as_primitive().clone()),
            (DataType::List(_), SparkType::Array { element, .. }) => {
                let list = array.as_list::<i32>();
                Shape::List(list.offsets().clone(), part(list.values(), element)?)
            }
            (DataType::Map(..), SparkType::Map { key, value, .. }) => {
                let map = array.as_map();
                Shape::Map(map.offsets().clone(), part(map.keys(), key)?, part(map.values(), value)?)
            }
            (DataType::Struct(_), SparkType::Struct(fields)) => {
                let columns = array.as_struct().columns();
                let writers = columns
                    .iter()
                    .zip(fields)
                    .map(|(column, field)| Self::new(column, &field.data_type, style.clone()));
                Shape::Struct(writers.collect::<Result<_>>()?)
            }
            (other, _) => return Err(Error::unsupported(format!("text of {other}"))),
        };
        Ok(Self { shape, nulls: array.logical_nulls(), style })
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// A value that is not NULL.
    pub(super) fn write(&self, row: usize, out: &mut String) {
        match &self.shape {
            Shape::Null => out.push_str(self.style.null),
            Shape::Boolean(values) => out.push_str(if values.value(row) { "true" } else { "false" }),
            Shape::Integer(values) => {
                let _ = write!(out, "{}", values.value(row));
            }
            Shape::Float(values) => double::write_float(values.value(row), out),
            Shape::Double(values) => double::write_double(values.value(row), out),
            Shape::Decimal(values) => {
                let number = Decimal::new(values.value(row), values.scale());
                if self.style.plain_decimals { number.write_plain(out) } else { number.write_java(out) }
            }
            Shape::Text(values) => out.push_str(values.value(row)),
            Shape::Bytes(values) => self.write_bytes(values.value(row), out),
            Shape::Date(values) => time::write_date(values.value(row), out),
            Shape::Timestamp { micros, zoned: true } => time::write_timestamp(micros.value(row), self.style.zone, out),
            Shape::Timestamp { micros, zoned: false } => time::write_local(micros.value(row), out),
            Shape::Time(values) => time::write_time(values.value(row) / 1000, out),
            Shape::YearMonth(values, from, to) => interval::write_year_month(values.value(row), *from, *to, out),
            Shape::DayTime(values, from, to) => interval::write_day_time(values.value(row), *from, *to, out),
            Shape::Calendar(values) => interval::write_calendar(values.value(row), out),
            Shape::List(offsets, values) => {
                out.push('[');
                for (index, row) in range(offsets, row).enumerate() {
                    comma(index, out);
                    values.write_inner(row, out);
                }
                out.push(']');
            }
            Shape::Map(offsets, keys, values) => {
                out.push('{');
                for (index, row) in range(offsets, row).enumerate() {
                    comma(index, out);
                    keys.write_inner(row, out);
                    out.push_str(" -> ");
                    values.write_inner(row, out);
                }
                out.push('}');
            }
            Shape::Struct(fields) => {
                out.push('{');
                for (index, field) in fields.iter().enumerate() {
                    comma(index, out);
                    field.write_inner(row, out);
                }
                out.push('}');
            }
        }
    }

    fn write_inner(&self, row: usize, out: &mut String) {
        if self.is_null(row) { out.push_str(self.style.null) } else { self.write(row, out) }
    }

    fn write_bytes(&self, bytes: &[u8], out: &mut String) {
        if !self.style.show {
            out.push_str(&String::from_utf8_lossy(bytes));
            return;
        }
        out.push('[');
        for (index, byte) in bytes.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            let _ = write!(out, "{gap}{byte:02X}");
        }
        out.push(']');
    }
}

fn range<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>, row: usize) -> std::ops::Range<usize> {
    offsets[row].as_usize()..offsets[row + 1].as_usize()
}

fn comma(index: usize, out: &mut String) {
    if index > 0 {
        out.push_str(", ");
    }
}
