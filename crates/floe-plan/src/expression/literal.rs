//! Constants: the tree's literals, and the texts that need the session to become one.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, MapArray, StructArray, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Field, IntervalMonthDayNano};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Origin, Result};
use floe_functions::cast::cast;
use floe_functions::{Context, Typed};
use floe_syntax::data_type::ZONE;
use floe_syntax::expression::CastMode;
use floe_syntax::{DataType, Literal};

/// A literal as a constant of the engine.
pub(crate) fn literal(value: &Literal, origin: &Origin) -> Result<Typed> {
    let constant = Typed::constant(scalar(value).map_err(|error| error.at(origin))?);
    Ok(constant.with_written(crate::scope::written(&type_of(value).to_field("", true))))
}

/// Spark's type of a literal.
pub(crate) fn type_of(value: &Literal) -> DataType {
    match value {
        Literal::Null(data_type) => data_type.clone(),
        Literal::Boolean(_) => DataType::Boolean,
        Literal::Byte(_) => DataType::Byte,
        Literal::Short(_) => DataType::Short,
        Literal::Int(_) => DataType::Int,
        Literal::Long(_) => DataType::Long,
        Literal::Float(_) => DataType::Float,
        Literal::Double(_) => DataType::Double,
        Literal::Decimal { precision, scale, .. } => DataType::Decimal { precision: *precision, scale: *scale },
        Literal::String(_) => DataType::String,
        Literal::Binary(_) => DataType::Binary,
        Literal::Date(_) => DataType::Date,
        Literal::Timestamp(_) => DataType::Timestamp,
        Literal::TimestampNtz(_) => DataType::TimestampNtz,
        Literal::YearMonthInterval { from, to, .. } => DataType::YearMonthInterval(*from, *to),
        Literal::DayTimeInterval { from, to, .. } => DataType::DayTimeInterval(*from, *to),
        Literal::CalendarInterval { .. } => DataType::CalendarInterval,
        Literal::Array { element, values } => DataType::Array {
            element: Box::new(element.clone()),
            nullable: values.iter().any(|value| matches!(value, Literal::Null(_))),
        },
        Literal::Map { key, value, entries } => DataType::Map {
            key: Box::new(key.clone()),
            value: Box::new(value.clone()),
            nullable: entries.iter().any(|(_, value)| matches!(value, Literal::Null(_))),
        },
        Literal::Struct { data_type, .. } => data_type.clone(),
    }
}

/// A literal as the engine's scalar.
pub(crate) fn scalar(value: &Literal) -> Result<ScalarValue> {
    Ok(match value {
        Literal::Null(data_type) => ScalarValue::try_from(&data_type.to_arrow())?,
        Literal::Boolean(value) => ScalarValue::from(*value),
        Literal::Byte(value) => ScalarValue::from(*value),
        Literal::Short(value) => ScalarValue::from(*value),
        Literal::Int(value) => ScalarValue::from(*value),
        Literal::Long(value) => ScalarValue::from(*value),
        Literal::Float(value) => ScalarValue::from(*value),
        Literal::Double(value) => ScalarValue::from(*value),
        Literal::Decimal { unscaled, precision, scale } => ScalarValue::Decimal128(Some(*unscaled), *precision, *scale),
        Literal::String(text) => ScalarValue::Utf8(Some(text.clone())),
        Literal::Binary(bytes) => ScalarValue::Binary(Some(bytes.clone())),
        Literal::Date(days) => ScalarValue::Date32(Some(*days)),
        Literal::Timestamp(micros) => ScalarValue::TimestampMicrosecond(Some(*micros), Some(ZONE.into())),
        Literal::TimestampNtz(micros) => ScalarValue::TimestampMicrosecond(Some(*micros), None),
        Literal::YearMonthInterval { months, .. } => ScalarValue::IntervalYearMonth(Some(*months)),
        Literal::DayTimeInterval { micros, .. } => ScalarValue::DurationMicrosecond(Some(*micros)),
        Literal::CalendarInterval { months, days, micros } => {
            let nanos = micros.checked_mul(1000).ok_or_else(|| {
                Error::message(Kind::Arithmetic, "an interval's microseconds are more than the engine can hold")
            })?;
            ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(*months, *days, nanos)))
        }
        Literal::Array { values, .. } => array(value, values)?,
        Literal::Map { entries, .. } => map(value, entries)?,
        Literal::Struct { data_type, values } => structure(data_type, values)?,
    })
}

fn array(value: &Literal, values: &[Literal]) -> Result<ScalarValue> {
    let arrow::datatypes::DataType::List(element) = type_of(value).to_arrow() else {
        return Err(Error::internal("an array literal has another type"));
    };
    let items = column(values, &element)?;
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    Ok(ScalarValue::List(Arc::new(ListArray::try_new(element, offsets, items, None)?)))
}

fn map(value: &Literal, entries: &[(Literal, Literal)]) -> Result<ScalarValue> {
    let arrow::datatypes::DataType::Map(field, sorted) = type_of(value).to_arrow() else {
        return Err(Error::internal("a map literal has another type"));
    };
    let arrow::datatypes::DataType::Struct(fields) = field.data_type() else {
        return Err(Error::internal("a map's entries are no struct"));
    };
    let (keys, values): (Vec<Literal>, Vec<Literal>) = entries.iter().cloned().unzip();
    let [key, item] = fields.as_ref() else { return Err(Error::internal("a map has no two fields")) };
    let items = StructArray::try_new(fields.clone(), vec![column(&keys, key)?, column(&values, item)?], None)?;
    let offsets = OffsetBuffer::from_lengths([entries.len()]);
    Ok(ScalarValue::Map(Arc::new(MapArray::try_new(field.clone(), offsets, items, None, sorted)?)))
}

fn structure(data_type: &DataType, values: &[Literal]) -> Result<ScalarValue> {
    let arrow::datatypes::DataType::Struct(fields) = data_type.to_arrow() else {
        return Err(Error::internal("a struct literal has another type"));
    };
    let columns = fields.iter().zip(values).map(|(field, value)| column(std::slice::from_ref(value), field));
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    if columns.is_empty() {
        return Ok(ScalarValue::Struct(Arc::new(StructArray::new_empty_fields(1, None))));
    }
    Ok(ScalarValue::Struct(Arc::new(StructArray::try_new(fields, columns, None)?)))
}

/// Literals of one type as an array of that very type.
fn column(values: &[Literal], field: &Field) -> Result<ArrayRef> {
    if values.is_empty() {
        return Ok(new_empty_array(field.data_type()));
    }
    let null = ScalarValue::try_from(field.data_type())?;
    let scalars = values.iter().map(|value| match value {
        Literal::Null(_) => Ok(null.clone()),
        value => scalar(value),
    });
    let array = ScalarValue::iter_to_array(scalars.collect::<Result<Vec<_>>>()?)?;
    if array.data_type() == field.data_type() {
        return Ok(array);
    }
    Ok(arrow::compute::cast(&array, field.data_type())?)
}

/// `DATE '…'` and its kin: the text cast as the session reads it, at once.
pub(crate) fn typed(type_name: &str, text: &str, context: &Context, origin: &Origin) -> Result<Typed> {
    let to = match type_name {
        "DATE" => DataType::Date,
        "TIMESTAMP" => timestamp_type(text, context),
        "TIMESTAMP_LTZ" => DataType::Timestamp,
        "TIMESTAMP_NTZ" => DataType::TimestampNtz,
        "TIME" => DataType::Time(6),
        other => {
            return Err(Error::analysis("UNSUPPORTED_TYPED_LITERAL")
                .with("unsupportedType", format!("\"{other}\""))
                .with(
                    "supportedTypes",
                    "\"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\"",
                )
                .at(origin));
        }
    };
    let value = Typed::constant(ScalarValue::Utf8(Some(text.into())));
    let made = cast(value, &to.to_arrow(), CastMode::Try, context, origin)?;
    let folded = super::constant::fold(&made)?;
    if folded.is_null() {
        return Err(Error::new(Kind::Parse, "INVALID_TYPED_LITERAL")
            .with("valueType", format!("\"{}\"", to.sql()))
            .with("value", format!("'{}'", text.replace('\'', "\\'")))
            .at(origin));
    }
    Ok(Typed::constant(folded))
}

/// `TIMESTAMP '…'` is what `spark.sql.timestampType` says, but a text with a zone is always a point in time.
fn timestamp_type(text: &str, context: &Context) -> DataType {
    let ntz = context.conf("spark.sql.timestampType", "TIMESTAMP_LTZ").eq_ignore_ascii_case("TIMESTAMP_NTZ");
    if ntz && !has_zone(text) { DataType::TimestampNtz } else { DataType::Timestamp }
}

fn has_zone(text: &str) -> bool {
    let time = text.split_once([' ', 'T']).map_or("", |(_, time)| time);
    time.contains(['Z', '+', '-', '/']) || time.chars().any(|letter| letter.is_ascii_alphabetic())
}
