//! Data types of messages, both ways.

use floe_base::{Error, Result};
use floe_proto::connect as proto;
use floe_proto::connect::data_type::Kind as Type;
use floe_syntax::data_type::{DayTimeField, YearMonthField};
use floe_syntax::{DataType, Field};

use super::{invalid, missing, not_set, text};

pub(crate) fn decode(data_type: proto::DataType) -> Result<DataType> {
    Ok(match data_type.kind.ok_or_else(|| not_set("spark.connect.DataType.kind"))? {
        Type::Null(_) => DataType::Null,
        Type::Binary(_) => DataType::Binary,
        Type::Boolean(_) => DataType::Boolean,
        Type::Byte(_) => DataType::Byte,
        Type::Short(_) => DataType::Short,
        Type::Integer(_) => DataType::Int,
        Type::Long(_) => DataType::Long,
        Type::Float(_) => DataType::Float,
        Type::Double(_) => DataType::Double,
        Type::Decimal(decimal) => self::decimal(decimal)?,
        Type::String(string) => self::string(&string)?,
        Type::Char(char) => DataType::Char(length(char.length)?),
        Type::VarChar(varchar) => DataType::Varchar(length(varchar.length)?),
        Type::Date(_) => DataType::Date,
        Type::Timestamp(_) => DataType::Timestamp,
        Type::TimestampNtz(_) => DataType::TimestampNtz,
        Type::CalendarInterval(_) => DataType::CalendarInterval,
        Type::YearMonthInterval(interval) => year_month(interval.start_field, interval.end_field)?,
        Type::DayTimeInterval(interval) => day_time(interval.start_field, interval.end_field)?,
        Type::Array(array) => {
            DataType::Array { element: Box::new(inner(array.element_type)?), nullable: array.contains_null }
        }
        Type::Map(map) => DataType::Map {
            key: Box::new(inner(map.key_type)?),
            value: Box::new(inner(map.value_type)?),
            nullable: map.value_contains_null,
        },
        Type::Struct(fields) => DataType::Struct(fields.fields.into_iter().map(field).collect::<Result<_>>()?),
        Type::Variant(_) => DataType::Variant,
        // Python's user-defined types travel as what they are made of.
        Type::Udt(udt) => match udt.sql_type {
            Some(sql_type) => decode(*sql_type)?,
            None => return Err(Error::unsupported(format!("user-defined type {}", udt.r#type))),
        },
        Type::Unparsed(written) => text::data_type_of_text(&written.data_type_string)?,
        Type::Time(time) => DataType::Time(precision(time.precision.unwrap_or(6))?),
        Type::Geometry(_) => return Err(Error::unsupported("type geometry")),
        Type::Geography(_) => return Err(Error::unsupported("type geography")),
        Type::TimestampNtzNanos(_) => return Err(Error::unsupported("type timestamp_ntz with nanoseconds")),
        Type::TimestampLtzNanos(_) => return Err(Error::unsupported("type timestamp_ltz with nanoseconds")),
    })
}

#[expect(clippy::boxed_local, reason = "prost boxes what is inside a type")]
fn inner(data_type: Option<Box<proto::DataType>>) -> Result<DataType> {
    match data_type {
        Some(data_type) => decode(*data_type),
        None => Err(missing("the type inside an array or map")),
    }
}

fn field(field: proto::data_type::StructField) -> Result<Field> {
    let data_type = field.data_type.ok_or_else(|| missing("StructField.data_type"))?;
    let metadata = field.metadata.filter(|json| !json.is_empty() && json != "{}");
    let (comment, metadata) = comment_of(metadata);
    Ok(Field { name: field.name, data_type: decode(data_type)?, nullable: field.nullable, comment, metadata })
}

/// Spark keeps a column's comment in its metadata; ours has a place of its own.
fn comment_of(metadata: Option<String>) -> (Option<String>, Option<String>) {
    let Some(json) = metadata else { return (None, None) };
    let Ok(serde_json::Value::Object(mut object)) = serde_json::from_str(&json) else { return (None, Some(json)) };
    match object.remove("comment") {
        Some(serde_json::Value::String(comment)) => {
            let rest = (!object.is_empty()).then(|| serde_json::Value::Object(object).to_string());
            (Some(comment), rest)
        }
        _ => (None, Some(json)),
    }
}

fn decimal(decimal: proto::data_type::Decimal) -> Result<DataType> {
    let (precision, scale) = (decimal.precision.unwrap_or(10), decimal.scale.unwrap_or(0));
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision @ 0..=38), Ok(scale)) => Ok(DataType::Decimal { precision, scale }),
        _ => Err(Error::analysis("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION")
            .with("precision", precision.to_string())
            .with("maxPrecision", "38")),
    }
}

fn string(string: &proto::data_type::String) -> Result<DataType> {
    match string.collation.as_str() {
        "" | "UTF8_BINARY" => Ok(DataType::String),
        other => Err(Error::unsupported(format!("collation {other}"))),
    }
}

fn length(length: i32) -> Result<u32> {
    u32::try_from(length).map_err(|_| invalid("a length of char or varchar is negative"))
}

fn precision(digits: i32) -> Result<u8> {
    match u8::try_from(digits) {
        Ok(digits @ 0..=9) => Ok(digits),
        _ => Err(Error::analysis("UNSUPPORTED_TIME_PRECISION").with("precision", digits.to_string())),
    }
}

fn year_month(start: Option<i32>, end: Option<i32>) -> Result<DataType> {
    let field = |number| match number {
        0 => Ok(YearMonthField::Year),
        1 => Ok(YearMonthField::Month),
        _ => Err(bad_interval()),
    };
    let (start, end) = (start.unwrap_or(0), end.or(start).unwrap_or(1));
    Ok(DataType::YearMonthInterval(field(start)?, field(end)?))
}

fn day_time(start: Option<i32>, end: Option<i32>) -> Result<DataType> {
    let field = |number| match number {
        0 => Ok(DayTimeField::Day),
        1 => Ok(DayTimeField::Hour),
        2 => Ok(DayTimeField::Minute),
        3 => Ok(DayTimeField::Second),
        _ => Err(bad_interval()),
    };
    let (start, end) = (start.unwrap_or(0), end.or(start).unwrap_or(3));
    Ok(DataType::DayTimeInterval(field(start)?, field(end)?))
}

fn bad_interval() -> Error {
    invalid("an interval's fields are unknown")
}

/// The message of a type. Every type the engine has, has one.
pub(crate) fn encode(data_type: &DataType) -> proto::DataType {
    use proto::data_type as message;
    let boxed = |inner: &DataType| Some(Box::new(encode(inner)));
    let kind = match data_type {
        DataType::Null => Type::Null(message::Null::default()),
        DataType::Boolean => Type::Boolean(message::Boolean::default()),
        DataType::Byte => Type::Byte(message::Byte::default()),
        DataType::Short => Type::Short(message::Short::default()),
        DataType::Int => Type::Integer(message::Integer::default()),
        DataType::Long => Type::Long(message::Long::default()),
        DataType::Float => Type::Float(message::Float::default()),
        DataType::Double => Type::Double(message::Double::default()),
        DataType::Decimal { precision, scale } => Type::Decimal(message::Decimal {
            scale: Some((*scale).into()),
            precision: Some((*precision).into()),
            ..Default::default()
        }),
        DataType::String => Type::String(message::String { collation: "UTF8_BINARY".into(), ..Default::default() }),
        DataType::Char(length) => Type::Char(message::Char { length: signed(*length), ..Default::default() }),
        DataType::Varchar(length) => Type::VarChar(message::VarChar { length: signed(*length), ..Default::default() }),
        DataType::Binary => Type::Binary(message::Binary::default()),
        DataType::Date => Type::Date(message::Date::default()),
        DataType::Timestamp => Type::Timestamp(message::Timestamp::default()),
        DataType::TimestampNtz => Type::TimestampNtz(message::TimestampNtz::default()),
        DataType::Time(precision) => {
            Type::Time(message::Time { precision: Some((*precision).into()), ..Default::default() })
        }
        DataType::YearMonthInterval(from, to) => Type::YearMonthInterval(message::YearMonthInterval {
            start_field: Some(*from as i32),
            end_field: Some(*to as i32),
            ..Default::default()
        }),
        DataType::DayTimeInterval(from, to) => Type::DayTimeInterval(message::DayTimeInterval {
            start_field: Some(*from as i32),
            end_field: Some(*to as i32),
            ..Default::default()
        }),
        DataType::CalendarInterval => Type::CalendarInterval(message::CalendarInterval::default()),
        DataType::Array { element, nullable } => Type::Array(Box::new(message::Array {
            element_type: boxed(element),
            contains_null: *nullable,
            ..Default::default()
        })),
        DataType::Map { key, value, nullable } => Type::Map(Box::new(message::Map {
            key_type: boxed(key),
            value_type: boxed(value),
            value_contains_null: *nullable,
            ..Default::default()
        })),
        DataType::Struct(fields) => {
            Type::Struct(message::Struct { fields: fields.iter().map(encode_field).collect(), ..Default::default() })
        }
        DataType::Variant => Type::Variant(message::Variant::default()),
    };
    proto::DataType { kind: Some(kind) }
}

fn encode_field(field: &Field) -> proto::data_type::StructField {
    proto::data_type::StructField {
        name: field.name.clone(),
        data_type: Some(encode(&field.data_type)),
        nullable: field.nullable,
        metadata: metadata_with_comment(field),
    }
}

fn metadata_with_comment(field: &Field) -> Option<String> {
    let Some(comment) = &field.comment else { return field.metadata.clone() };
    let written = field.metadata.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let mut object: serde_json::Map<String, serde_json::Value> = written.unwrap_or_default();
    object.insert("comment".into(), comment.clone().into());
    Some(serde_json::Value::Object(object).to_string())
}

fn signed(length: u32) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}
