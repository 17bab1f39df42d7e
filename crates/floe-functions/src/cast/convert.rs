//! Arrays of one type to arrays of another: the table of all casts, each line naming the file that knows.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Decimal128Array, ListArray, MapArray, StringBuilder,
    StructArray, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    IntervalUnit, IntervalYearMonthType, TimestampMicrosecondType,
};
use floe_base::{Error, Origin, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;

use super::{double, format, interval, number, parse, time};
use crate::family::datetime::_zone::Zone;
use crate::{Context, coerce};

/// What becomes of a value that has no place in the new type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evaluation {
    /// NULL, or the bits that fit.
    Legacy,
    Ansi,
    /// NULL.
    Try,
}

/// How values are cast: decided once, at binding.
#[derive(Clone, Debug)]
pub struct Rules {
    pub evaluation: Evaluation,
    pub(crate) zone: Zone,
    /// The statement's time, for a time of day that stands alone (`'10:30'`).
    pub now: i64,
    /// Where the cast stands, for those of its errors that say so.
    pub origin: Origin,
}

impl Rules {
    pub fn new(mode: CastMode, context: &Context, origin: &Origin) -> Self {
        let evaluation = match mode {
            CastMode::Session if context.ansi => Evaluation::Ansi,
            CastMode::Session | CastMode::Legacy => Evaluation::Legacy,
            CastMode::Ansi => Evaluation::Ansi,
            CastMode::Try => Evaluation::Try,
        };
        // The session was given a zone that there is.
        let zone = Zone::of_session(context).unwrap_or(Zone::UTC);
        Self { evaluation, zone, now: context.now, origin: origin.clone() }
    }

    /// An error with ANSI, else NULL.
    pub(super) fn refuse<T>(&self, error: impl FnOnce() -> Error) -> Result<Option<T>> {
        match self.evaluation {
            Evaluation::Ansi => Err(error()),
            Evaluation::Legacy | Evaluation::Try => Ok(None),
        }
    }

    pub(super) fn legacy(&self) -> bool {
        self.evaluation == Evaluation::Legacy
    }
}

/// Whether values of these types can raise when cast.
pub(super) fn raises(from: &DataType, to: &DataType, rules: &Rules) -> bool {
    // Intervals out of malformed text, and out of numbers that are too large, raise in every mode but `try_cast`.
    if coerce::is_ansi_interval(to) || coerce::is_ansi_interval(from) {
        return rules.evaluation != Evaluation::Try && !matches!(to, DataType::Utf8) && from != to;
    }
    if rules.evaluation != Evaluation::Ansi {
        return false;
    }
    match (from, to) {
        (DataType::List(from), DataType::List(to)) => raises(from.data_type(), to.data_type(), rules),
        (DataType::Map(from, _), DataType::Map(to, _)) => raises(from.data_type(), to.data_type(), rules),
        (DataType::Struct(from), DataType::Struct(to)) => {
            from.iter().zip(to).any(|(from, to)| raises(from.data_type(), to.data_type(), rules))
        }
        (from, to) if coerce::same(from, to) => false,
        (DataType::Null, _) | (_, DataType::Utf8 | DataType::Boolean) => {
            matches!(from, DataType::Utf8) && to == &DataType::Boolean
        }
        (DataType::Utf8, DataType::Binary | DataType::Interval(IntervalUnit::MonthDayNano)) => false,
        (from, to) if coerce::is_datetime(from) && coerce::is_datetime(to) => false,
        (from, DataType::Float32 | DataType::Float64) => matches!(from, DataType::Utf8),
        (from, to) if coerce::is_integral(from) && coerce::is_integral(to) => {
            coerce::number_rank(from) > coerce::number_rank(to)
        }
        (DataType::Boolean, to) => coerce::is_decimal(to),
        (from, DataType::Timestamp(..)) if coerce::is_integral(from) => false,
        (DataType::Timestamp(..), DataType::Int64) => false,
        _ => true,
    }
}

/// The array as `target`, which is `to` in Arrow.
pub fn convert(
    array: &ArrayRef,
    from: &SparkType,
    to: &SparkType,
    target: &DataType,
    rules: &Rules,
) -> Result<ArrayRef> {
    use DataType::{
        Binary, Boolean, Date32, Decimal128, Duration, Float32, Float64, Int8, Int16, Int32, Int64, Interval, List,
        Map, Null, Struct, Time64, Timestamp, Utf8,
    };
    let source = array.data_type().clone();
    if &source == target && from == to {
        return Ok(array.clone());
    }
    match (&source, target) {
        (Null, _) => Ok(new_null_array(target, array.len())),
        (List(_), List(_)) => list(array.as_list(), from, to, target, rules),
        (Map(..), Map(..)) => map(array.as_map(), from, to, target, rules),
        (Struct(_), Struct(_)) => structure(array.as_struct(), from, to, target, rules),

        (Float32, Utf8) => Ok(texts(array.as_primitive::<Float32Type>(), double::write_float)),
        (Float64, Utf8) => Ok(texts(array.as_primitive::<Float64Type>(), double::write_double)),
        (Binary, Utf8) => Ok(binary_text(array.as_binary())),
        (Int8 | Int16 | Int32 | Int64 | Boolean, Utf8) => arrow_cast(array, target),
        (_, Utf8) => {
            let writer = format::Writer::cast(array, from, rules)?;
            let mut out = StringBuilder::with_capacity(array.len(), array.len() * 8);
            let mut text = String::new();
            for row in 0..array.len() {
                if array.is_null(row) {
                    out.append_null();
                    continue;
                }
                text.clear();
                writer.write(row, &mut text);
                out.append_value(&text);
            }
            Ok(Arc::new(out.finish()))
        }

        (Utf8, Binary) => arrow_cast(array, target),
        (Utf8, Boolean) => parse::booleans(array.as_string(), rules),
        (Utf8, Int8) => parse::integers::<Int8Type>(array.as_string(), "TINYINT", rules),
        (Utf8, Int16) => parse::integers::<Int16Type>(array.as_string(), "SMALLINT", rules),
        (Utf8, Int32) => parse::integers::<Int32Type>(array.as_string(), "INT", rules),
        (Utf8, Int64) => parse::integers::<Int64Type>(array.as_string(), "BIGINT", rules),
        (Utf8, Float32) => parse::floats(array.as_string(), rules),
        (Utf8, Float64) => parse::doubles(array.as_string(), rules),
        (Utf8, Decimal128(precision, scale)) => parse::decimals(array.as_string(), *precision, *scale, rules),
        (Utf8, Date32) => time::dates_of_texts(array.as_string(), rules),
        (Utf8, Timestamp(_, zone)) => time::timestamps_of_texts(array.as_string(), zone.is_some(), rules),
        (Utf8, Time64(_)) => time::times_of_texts(array.as_string(), rules),
        (Utf8, Interval(IntervalUnit::YearMonth)) => interval::year_months_of_texts(array.as_string(), to, rules),
        (Utf8, Duration(_)) => interval::day_times_of_texts(array.as_string(), to, rules),
        (Utf8, Interval(IntervalUnit::MonthDayNano)) => Ok(interval::calendars_of_texts(array.as_string())),

        (Int8 | Int16 | Int32 | Int64, Binary) => Ok(big_endian(array)),
        (Boolean, Timestamp(..)) => {
            let micros = array.as_boolean().iter().map(|value| value.map(i64::from));
            Ok(Arc::new(micros.collect::<arrow::array::TimestampMicrosecondArray>().with_data_type(target.clone())))
        }
        (Boolean, Decimal128(..)) => {
            let numbers = arrow_cast(array, &Int32)?;
            number::convert(&numbers, target, rules)
        }
        (Boolean, _) => arrow_cast(array, target),
        (Date32, Boolean) => Ok(new_null_array(target, array.len())),
        (Date32, to) if coerce::is_numeric(to) => Ok(new_null_array(target, array.len())),
        (Timestamp(..), Boolean) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>();
            Ok(Arc::new(micros.iter().map(|value| value.map(|value| value != 0)).collect::<BooleanArray>()))
        }
        (Date32, Timestamp(_, zone)) => {
            time::timestamps_of_dates(array.as_primitive::<Date32Type>(), zone.is_some(), rules)
        }
        (Timestamp(_, zone), Date32) => {
            Ok(time::dates_of_timestamps(array.as_primitive::<TimestampMicrosecondType>(), zone.is_some(), rules))
        }
        (Timestamp(_, from_zone), Timestamp(_, to_zone)) => Ok(time::between_zones(
            array.as_primitive::<TimestampMicrosecondType>(),
            from_zone.is_some(),
            to_zone.is_some(),
            rules,
        )),
        (_, Timestamp(..)) => time::timestamps_of_numbers(array, rules),
        (Timestamp(..), _) => {
            time::numbers_of_timestamps(array.as_primitive::<TimestampMicrosecondType>(), target, rules)
        }
        (_, Interval(IntervalUnit::YearMonth)) => interval::year_months(array, from, to, rules),
        (_, Duration(_)) => interval::day_times(array, from, to, rules),
        (Interval(IntervalUnit::YearMonth), _) => {
            interval::numbers_of_year_months(array.as_primitive::<IntervalYearMonthType>(), from, target, rules)
        }
        (Duration(_), _) => {
            interval::numbers_of_day_times(array.as_primitive::<DurationMicrosecondType>(), from, target, rules)
        }
        (from, to) if coerce::is_numeric(from) && coerce::is_numeric(to) => number::convert(array, target, rules),
        (from, Boolean) if coerce::is_numeric(from) => number::booleans(array),
        (from, to) => Err(Error::unsupported(format!("cast of {from} to {to}")).at(&rules.origin)),
    }
}

/// Arrow's own cast, where it is known to do as Spark does.
pub(super) fn arrow_cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })?)
}

fn texts<T: arrow::array::ArrowPrimitiveType>(
    array: &arrow::array::PrimitiveArray<T>,
    write: impl Fn(T::Native, &mut String),
) -> ArrayRef {
    let mut out = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let mut text = String::new();
    for value in array {
        match value {
            Some(value) => {
                text.clear();
                write(value, &mut text);
                out.append_value(&text);
            }
            None => out.append_null(),
        }
    }
    Arc::new(out.finish())
}

/// Bytes taken for UTF-8. Spark keeps malformed bytes in its strings; ours are always text, so they become U+FFFD, as
/// they do wherever Spark decodes them.
fn binary_text(array: &BinaryArray) -> ArrayRef {
    let mut out = StringBuilder::with_capacity(array.len(), array.value_data().len());
    for value in array {
        out.append_option(value.map(String::from_utf8_lossy));
    }
    Arc::new(out.finish())
}

/// A whole number as its bytes, most significant first.
fn big_endian(array: &ArrayRef) -> ArrayRef {
    fn bytes<T: arrow::array::ArrowPrimitiveType, const N: usize>(
        array: &ArrayRef,
        encode: fn(T::Native) -> [u8; N],
    ) -> ArrayRef {
        let encoded: Vec<Option<[u8; N]>> = array.as_primitive::<T>().iter().map(|value| value.map(encode)).collect();
        Arc::new(encoded.iter().map(|value| value.as_ref().map(<[u8; N]>::as_slice)).collect::<BinaryArray>())
    }
    match array.data_type() {
        DataType::Int8 => bytes::<Int8Type, 1>(array, i8::to_be_bytes),
        DataType::Int16 => bytes::<Int16Type, 2>(array, i16::to_be_bytes),
        DataType::Int32 => bytes::<Int32Type, 4>(array, i32::to_be_bytes),
        _ => bytes::<Int64Type, 8>(array, i64::to_be_bytes),
    }
}

fn list(array: &ListArray, from: &SparkType, to: &SparkType, target: &DataType, rules: &Rules) -> Result<ArrayRef> {
    let (SparkType::Array { element: from, .. }, SparkType::Array { element: to, .. }, DataType::List(field)) =
        (from, to, target)
    else {
        return Err(Error::internal("a list is cast to something else"));
    };
    // Only the values in use: what stands behind a NULL or outside a slice must not raise.
    let array = compact(array)?;
    let values = convert(array.values(), from, to, field.data_type(), rules)?;
    Ok(Arc::new(ListArray::try_new(field.clone(), array.offsets().clone(), values, array.nulls().cloned())?))
}

/// The list with exactly the values its rows use.
fn compact(array: &ListArray) -> Result<ListArray> {
    let used = array.value_offsets().last().copied().unwrap_or(0) - array.value_offsets().first().copied().unwrap_or(0);
    if array.null_count() == 0 && used as usize == array.values().len() {
        return Ok(array.clone());
    }
    let rows: arrow::array::UInt32Array = (0..array.len() as u32).collect();
    Ok(arrow::compute::take(array, &rows, None)?.as_list().clone())
}

fn map(array: &MapArray, from: &SparkType, to: &SparkType, target: &DataType, rules: &Rules) -> Result<ArrayRef> {
    let (
        SparkType::Map { key: from_key, value: from_value, .. },
        SparkType::Map { key: to_key, value: to_value, .. },
        DataType::Map(entries, sorted),
    ) = (from, to, target)
    else {
        return Err(Error::internal("a map is cast to something else"));
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return Err(Error::internal("a map without entries"));
    };
    let rows: arrow::array::UInt32Array = (0..array.len() as u32).collect();
    let array = arrow::compute::take(array, &rows, None)?;
    let array = array.as_map();
    let keys = convert(array.keys(), from_key, to_key, fields[0].data_type(), rules)?;
    let values = convert(array.values(), from_value, to_value, fields[1].data_type(), rules)?;
    let pairs = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    let nulls = array.nulls().cloned();
    Ok(Arc::new(MapArray::try_new(entries.clone(), array.offsets().clone(), pairs, nulls, *sorted)?))
}

fn structure(
    array: &StructArray,
    from: &SparkType,
    to: &SparkType,
    target: &DataType,
    rules: &Rules,
) -> Result<ArrayRef> {
    let (SparkType::Struct(from), SparkType::Struct(to), DataType::Struct(fields)) = (from, to, target) else {
        return Err(Error::internal("a struct is cast to something else"));
    };
    let mut columns = Vec::with_capacity(fields.len());
    for (index, field) in fields.iter().enumerate() {
        let (Some(from), Some(to)) = (from.get(index), to.get(index)) else {
            return Err(Error::internal("structs of different lengths"));
        };
        let column = masked(array.column(index), array)?;
        columns.push(convert(&column, &from.data_type, &to.data_type, field.data_type(), rules)?);
    }
    if fields.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(array.len(), array.nulls().cloned())));
    }
    Ok(Arc::new(StructArray::try_new(fields.clone(), columns, array.nulls().cloned())?))
}

/// A struct's column, NULL wherever the struct is: what stands there must not raise.
fn masked(column: &ArrayRef, parent: &StructArray) -> Result<ArrayRef> {
    let Some(nulls) = parent.nulls().filter(|nulls| nulls.null_count() > 0) else { return Ok(column.clone()) };
    let missing = BooleanArray::new(!nulls.inner(), None);
    Ok(arrow::compute::nullif(column, &missing)?)
}

/// Decimals of a precision and scale, from values of that scale.
pub(super) fn decimals(values: Vec<Option<i128>>, precision: u8, scale: i8) -> Result<ArrayRef> {
    Ok(Arc::new(Decimal128Array::from(values).with_precision_and_scale(precision, scale)?))
}
