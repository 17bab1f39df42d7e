//! Columns into JSON text.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, TimestampMicrosecondType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;

use super::_json::write_text;
use super::_options::Options;
use crate::Call;
use crate::cast::decimal::Decimal;
use crate::cast::{Rules, convert};
use crate::family::datetime::_civil::MICROS_PER_DAY;
use crate::family::datetime::_pattern::Pattern;
use crate::family::datetime::_zone::Zone;
use crate::rows::span;

/// How values are written as text, for JSON and CSV alike.
pub(crate) struct Style {
    zone: Zone,
    rules: Rules,
    date: Pattern,
    timestamp: Pattern,
    timestamp_ntz: Pattern,
}

impl Style {
    pub(crate) fn of(options: &Options, call: &Call<'_>) -> Result<Self> {
        let pattern = |name: &str, default: &str| match options.pattern(name, false)? {
            Some(pattern) => Ok::<_, Error>(pattern),
            None => Pattern::compile(default, false),
        };
        Ok(Self {
            zone: options.zone(call.context)?,
            rules: Rules::new(CastMode::Try, call.context, call.origin),
            date: pattern("dateFormat", "yyyy-MM-dd")?,
            timestamp: pattern("timestampFormat", "yyyy-MM-dd'T'HH:mm:ss[.SSS][XXX]")?,
            timestamp_ntz: pattern("timestampNTZFormat", "yyyy-MM-dd'T'HH:mm:ss[.SSS]")?,
        })
    }

    /// Dates and times as text; `None` for values of other types.
    pub(crate) fn times(&self, array: &ArrayRef) -> Option<StringArray> {
        let write = |pattern: &Pattern, zone: Zone, micros: Option<i64>| {
            let mut out = String::new();
            pattern.write(micros?, zone, &mut out).then_some(out)
        };
        Some(match array.data_type() {
            DataType::Date32 => {
                let days = array.as_primitive::<Date32Type>();
                let one =
                    |days: Option<i32>| write(&self.date, Zone::UTC, days.map(|days| i64::from(days) * MICROS_PER_DAY));
                days.iter().map(one).collect()
            }
            DataType::Timestamp(_, Some(_)) => {
                let times = array.as_primitive::<TimestampMicrosecondType>();
                times.iter().map(|micros| write(&self.timestamp, self.zone, micros)).collect()
            }
            DataType::Timestamp(_, None) => {
                let times = array.as_primitive::<TimestampMicrosecondType>();
                times.iter().map(|micros| write(&self.timestamp_ntz, Zone::UTC, micros)).collect()
            }
            _ => return None,
        })
    }

    /// Any values as CAST writes them.
    pub(crate) fn texts(&self, array: &ArrayRef, data_type: &SparkType) -> Result<StringArray> {
        let texts = convert(array, data_type, &SparkType::String, &DataType::Utf8, &self.rules)?;
        Ok(texts.as_string::<i32>().clone())
    }
}

pub(crate) struct Writer {
    style: Style,
    ignores_nulls: bool,
    data_type: SparkType,
}

impl Writer {
    pub(crate) fn new(data_type: &SparkType, options: &Options, call: &Call<'_>) -> Result<Self> {
        let ignores = call.context.conf("spark.sql.jsonGenerator.ignoreNullFields", "true") == "true";
        Ok(Self {
            style: Style::of(options, call)?,
            ignores_nulls: options.is_true("ignoreNullFields", ignores),
            data_type: data_type.clone(),
        })
    }

    pub(crate) fn column(&self, array: &ArrayRef) -> Result<Column> {
        Column::new(array, &self.data_type, &self.style, self.ignores_nulls)
    }
}

/// A column ready to be written row by row.
pub(crate) struct Column {
    nulls: Option<NullBuffer>,
    values: Values,
}

enum Values {
    Null,
    /// Numbers and booleans: what is written already is JSON.
    Bare(StringArray),
    /// Doubles: those that are no numbers stand in quotes.
    Real(StringArray),
    Quoted(StringArray),
    Bytes(BinaryArray),
    List(OffsetBuffer<i32>, Box<Column>),
    Map(OffsetBuffer<i32>, StringArray, Box<Column>),
    Struct(Vec<(String, Column)>, bool),
}

impl Column {
    fn new(array: &ArrayRef, data_type: &SparkType, style: &Style, ignores_nulls: bool) -> Result<Self> {
        let values = match (array.data_type(), data_type) {
            (DataType::Null, _) => Values::Null,
            (DataType::Boolean | DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64, _) => {
                Values::Bare(style.texts(array, data_type)?)
            }
            (DataType::Decimal128(_, scale), _) => {
                let plain = |value: Option<i128>| value.map(|value| Decimal::new(value, *scale).plain());
                Values::Bare(array.as_primitive::<Decimal128Type>().iter().map(plain).collect())
            }
            (DataType::Float32 | DataType::Float64, _) => Values::Real(style.texts(array, data_type)?),
            (DataType::Utf8, _) => Values::Quoted(array.as_string::<i32>().clone()),
            (DataType::Binary, _) => Values::Bytes(array.as_binary::<i32>().clone()),
            (DataType::List(_), SparkType::Array { element, .. }) => {
                let lists = array.as_list::<i32>();
                let inner = Self::new(lists.values(), element, style, ignores_nulls)?;
                Values::List(lists.offsets().clone(), Box::new(inner))
            }
            (DataType::Map(..), SparkType::Map { key, value, .. }) => {
                let maps = array.as_map();
                let inner = Self::new(maps.values(), value, style, ignores_nulls)?;
                Values::Map(maps.offsets().clone(), keys(maps.keys(), key, style)?, Box::new(inner))
            }
            (DataType::Struct(_), SparkType::Struct(fields)) => {
                let members = array.as_struct().columns().iter().zip(fields);
                let members = members.map(|(column, field)| {
                    Ok((field.name.clone(), Self::new(column, &field.data_type, style, ignores_nulls)?))
                });
                Values::Struct(members.collect::<Result<_>>()?, ignores_nulls)
            }
            (DataType::Struct(_), SparkType::Variant) => return Err(Error::unsupported("a variant as JSON")),
            _ => match style.times(array) {
                Some(times) => Values::Quoted(times),
                None => Values::Quoted(style.texts(array, data_type)?),
            },
        };
        Ok(Self { nulls: array.logical_nulls(), values })
    }

    fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends a row; `depth` is that of its line where lines are indented.
    pub(crate) fn write(&self, row: usize, depth: Option<usize>, out: &mut String) {
        if self.is_null(row) {
            return out.push_str("null");
        }
        match &self.values {
            Values::Null => out.push_str("null"),
            Values::Bare(texts) => out.push_str(texts.value(row)),
            Values::Real(texts) => match texts.value(row) {
                text @ ("NaN" | "Infinity" | "-Infinity") => write_text(text, out),
                text => out.push_str(text),
            },
            Values::Quoted(texts) => write_text(texts.value(row), out),
            Values::Bytes(bytes) => write_text(&STANDARD.encode(bytes.value(row)), out),
            Values::List(offsets, elements) => {
                // Jackson's printer keeps the elements of an array on one line.
                out.push('[');
                for (index, element) in span(offsets, row).enumerate() {
                    out.push_str(separator(index, depth, ", ", ","));
                    if index == 0 && depth.is_some() {
                        out.push(' ');
                    }
                    elements.write(element, depth, out);
                }
                out.push_str(if depth.is_some() { " ]" } else { "]" });
            }
            Values::Map(offsets, keys, values) => {
                let entries = span(offsets, row).map(|entry| (keys.value(entry), values.as_ref(), entry));
                object(entries, depth, out);
            }
            Values::Struct(members, ignores_nulls) => {
                let shown = members.iter().filter(|(_, column)| !(*ignores_nulls && column.is_null_value(row)));
                object(shown.map(|(name, column)| (name.as_str(), column, row)), depth, out);
            }
        }
    }

    fn is_null_value(&self, row: usize) -> bool {
        self.is_null(row) || matches!(self.values, Values::Null)
    }
}

fn separator<'a>(index: usize, depth: Option<usize>, pretty: &'a str, plain: &'a str) -> &'a str {
    match (index, depth) {
        (0, _) => "",
        (_, Some(_)) => pretty,
        (_, None) => plain,
    }
}

fn object<'a>(entries: impl Iterator<Item = (&'a str, &'a Column, usize)>, depth: Option<usize>, out: &mut String) {
    let inner = depth.map(|depth| depth + 1);
    let mut is_empty = true;
    out.push('{');
    for (name, column, row) in entries {
        if !is_empty {
            out.push(',');
        }
        is_empty = false;
        new_line(inner, out);
        write_text(name, out);
        out.push_str(if depth.is_some() { " : " } else { ":" });
        column.write(row, inner, out);
    }
    match (is_empty, depth) {
        (true, Some(_)) => out.push(' '),
        (false, _) => new_line(depth, out),
        _ => {}
    }
    out.push('}');
}

fn new_line(depth: Option<usize>, out: &mut String) {
    if let Some(depth) = depth {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
}

/// Keys as Spark 4.1 writes them: by their values inside the engine, so that a date is a number of days.
fn keys(keys: &ArrayRef, data_type: &SparkType, style: &Style) -> Result<StringArray> {
    match keys.data_type() {
        DataType::Date32 | DataType::Timestamp(..) | DataType::Duration(_) | DataType::Interval(_) => {
            let whole = if keys.data_type() == &DataType::Date32 { DataType::Int32 } else { DataType::Int64 };
            let numbers = arrow::compute::cast(keys, &whole)?;
            style.texts(&numbers, &SparkType::from_arrow(&whole))
        }
        DataType::List(_) | DataType::Struct(_) | DataType::Map(..) | DataType::Binary => {
            Err(Error::unsupported(format!("a map with keys of type {} as JSON", data_type.sql())))
        }
        _ => style.texts(keys, data_type),
    }
}
