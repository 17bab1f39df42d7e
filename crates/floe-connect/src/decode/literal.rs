//! Values, both ways: literals of a plan, and observed metrics on the way back.

use floe_base::{Error, Result};
use floe_proto::connect as proto;
use floe_proto::connect::data_type::Kind as Type;
use floe_proto::connect::expression::literal::specialized_array::ValueType;
use floe_proto::connect::expression::literal::{self as message, LiteralType};
use floe_syntax::data_type::{DayTimeField, YearMonthField};
use floe_syntax::{DataType, Expression, ExpressionKind, Literal, Origin};

use super::{data_type, invalid, not_set};

/// A literal where an expression may stand: times of day are texts with a type, everything else is a value.
pub(super) fn expression(literal: proto::expression::Literal, origin: Origin) -> Result<Expression> {
    if let Some(LiteralType::Time(time)) = &literal.literal_type {
        let kind = ExpressionKind::TypedLiteral { type_name: "TIME".into(), text: time_of_day(time) };
        return Ok(Expression::new(kind, origin));
    }
    Ok(Expression::literal(decode(literal)?, origin))
}

pub(crate) fn decode(literal: proto::expression::Literal) -> Result<Literal> {
    let typed = literal.data_type;
    Ok(match literal.literal_type.ok_or_else(|| not_set("spark.connect.Expression.Literal.literal_type"))? {
        LiteralType::Null(null) => Literal::Null(data_type::decode(null)?),
        LiteralType::Binary(bytes) => Literal::Binary(bytes),
        LiteralType::Boolean(value) => Literal::Boolean(value),
        LiteralType::Byte(value) => Literal::Byte(narrow(value)?),
        LiteralType::Short(value) => Literal::Short(narrow(value)?),
        LiteralType::Integer(value) => Literal::Int(value),
        LiteralType::Long(value) => Literal::Long(value),
        LiteralType::Float(value) => Literal::Float(value),
        LiteralType::Double(value) => Literal::Double(value),
        LiteralType::Decimal(decimal) => self::decimal(&decimal)?,
        LiteralType::String(text) => Literal::String(text),
        LiteralType::Date(days) => Literal::Date(days),
        LiteralType::Timestamp(micros) => Literal::Timestamp(micros),
        LiteralType::TimestampNtz(micros) => Literal::TimestampNtz(micros),
        LiteralType::CalendarInterval(interval) => {
            Literal::CalendarInterval { months: interval.months, days: interval.days, micros: interval.microseconds }
        }
        LiteralType::YearMonthInterval(months) => year_month(months, typed)?,
        LiteralType::DayTimeInterval(micros) => day_time(micros, typed)?,
        LiteralType::Array(array) => self::array(array, typed)?,
        LiteralType::SpecializedArray(array) => specialized_array(array)?,
        LiteralType::Map(map) => self::map(map, typed)?,
        LiteralType::Struct(value) => structure(value, typed)?,
        LiteralType::Time(_) => return Err(Error::unsupported("a time of day inside another literal")),
        LiteralType::TimestampNtzNanos(_) | LiteralType::TimestampLtzNanos(_) => {
            return Err(Error::unsupported("a timestamp with nanoseconds"));
        }
    })
}

fn narrow<T: TryFrom<i32>>(value: i32) -> Result<T> {
    T::try_from(value).map_err(|_| invalid(format!("the literal {value} is out of range")))
}

/// `12.30` with optional precision and scale; without them they are those of the text.
fn decimal(decimal: &message::Decimal) -> Result<Literal> {
    let invalid = || invalid(format!("{} is not a decimal", decimal.value));
    let (mantissa, exponent) = match decimal.value.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| invalid())?),
        None => (decimal.value.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let mut unscaled: i128 = digits.parse().map_err(|_| invalid())?;
    let written = i32::try_from(fraction.len()).map_err(|_| invalid())? - exponent;
    let scale = decimal.scale.unwrap_or(written.max(0));
    let shift = u32::try_from(scale - written).map_err(|_| invalid())?;
    let factor = 10_i128.checked_pow(shift).ok_or_else(invalid)?;
    unscaled = unscaled.checked_mul(factor).ok_or_else(invalid)?;
    let own = i32::try_from(unscaled.unsigned_abs().to_string().len()).map_err(|_| invalid())?;
    let precision = decimal.precision.unwrap_or(own.max(scale));
    let (precision, scale) = (u8::try_from(precision), i8::try_from(scale));
    match (precision, scale) {
        (Ok(precision @ 1..=38), Ok(scale)) => Ok(Literal::Decimal { unscaled, precision, scale }),
        _ => Err(invalid()),
    }
}

fn year_month(months: i32, typed: Option<proto::DataType>) -> Result<Literal> {
    let (from, to) = match typed.map(data_type::decode).transpose()? {
        Some(DataType::YearMonthInterval(from, to)) => (from, to),
        _ => (YearMonthField::Year, YearMonthField::Month),
    };
    Ok(Literal::YearMonthInterval { months, from, to })
}

fn day_time(micros: i64, typed: Option<proto::DataType>) -> Result<Literal> {
    let (from, to) = match typed.map(data_type::decode).transpose()? {
        Some(DataType::DayTimeInterval(from, to)) => (from, to),
        _ => (DayTimeField::Day, DayTimeField::Second),
    };
    Ok(Literal::DayTimeInterval { micros, from, to })
}

/// Clients from 4.1 type the literal; before that, the element's type stood inside; a type that stands nowhere is that
/// of the first element.
fn array(array: message::Array, typed: Option<proto::DataType>) -> Result<Literal> {
    let values = array.elements.into_iter().map(decode).collect::<Result<Vec<_>>>()?;
    #[expect(deprecated, reason = "what clients before 4.1 send")]
    let element = match typed.and_then(|typed| typed.kind) {
        Some(Type::Array(array)) => array.element_type.map(|element| *element),
        _ => array.element_type,
    };
    let element = element.map(data_type::decode).transpose()?;
    let element = element.unwrap_or_else(|| first_type(&values));
    Ok(Literal::Array { element, values })
}

fn map(map: message::Map, typed: Option<proto::DataType>) -> Result<Literal> {
    if map.keys.len() != map.values.len() {
        return Err(invalid("a map literal has not as many keys as values"));
    }
    let keys = map.keys.into_iter().map(decode).collect::<Result<Vec<_>>>()?;
    let values = map.values.into_iter().map(decode).collect::<Result<Vec<_>>>()?;
    #[expect(deprecated, reason = "what clients before 4.1 send")]
    let (key, value) = match (typed.and_then(|typed| typed.kind), map.key_type, map.value_type) {
        (Some(Type::Map(map)), ..) => (map.key_type.map(|key| *key), map.value_type.map(|value| *value)),
        (_, key, value) => (key, value),
    };
    let key = key.map(data_type::decode).transpose()?.unwrap_or_else(|| first_type(&keys));
    let value = value.map(data_type::decode).transpose()?.unwrap_or_else(|| first_type(&values));
    Ok(Literal::Map { key, value, entries: keys.into_iter().zip(values).collect() })
}

fn structure(value: message::Struct, typed: Option<proto::DataType>) -> Result<Literal> {
    #[expect(deprecated, reason = "what clients before 4.1 send")]
    let written = typed.or(value.struct_type);
    let values = value.elements.into_iter().map(decode).collect::<Result<Vec<_>>>()?;
    let Some(written) = written else {
        return Err(invalid("Data type information is missing in the struct literal."));
    };
    let data_type = data_type::decode(written)?;
    Ok(Literal::Struct { data_type, values })
}

fn specialized_array(array: message::SpecializedArray) -> Result<Literal> {
    let typed = array.value_type.ok_or_else(|| not_set("spark.connect.Expression.Literal.SpecializedArray"))?;
    let (element, values) = match typed {
        ValueType::Bools(list) => (DataType::Boolean, list.values.into_iter().map(Literal::Boolean).collect()),
        ValueType::Ints(list) => (DataType::Int, list.values.into_iter().map(Literal::Int).collect()),
        ValueType::Longs(list) => (DataType::Long, list.values.into_iter().map(Literal::Long).collect()),
        ValueType::Floats(list) => (DataType::Float, list.values.into_iter().map(Literal::Float).collect()),
        ValueType::Doubles(list) => (DataType::Double, list.values.into_iter().map(Literal::Double).collect()),
        ValueType::Strings(list) => (DataType::String, list.values.into_iter().map(Literal::String).collect()),
    };
    Ok(Literal::Array { element, values })
}

fn first_type(values: &[Literal]) -> DataType {
    values.first().map_or(DataType::Null, type_of)
}

/// The type of a value.
pub(crate) fn type_of(literal: &Literal) -> DataType {
    match literal {
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
        Literal::Array { element, .. } => DataType::Array { element: Box::new(element.clone()), nullable: true },
        Literal::Map { key, value, .. } => {
            DataType::Map { key: Box::new(key.clone()), value: Box::new(value.clone()), nullable: true }
        }
        Literal::Struct { data_type, .. } => data_type.clone(),
    }
}

fn time_of_day(time: &message::Time) -> String {
    const SECOND: i64 = 1_000_000_000;
    let (seconds, nanos) = (time.nano.div_euclid(SECOND), time.nano.rem_euclid(SECOND));
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let digits = usize::try_from(time.precision.unwrap_or(6).clamp(0, 9)).unwrap_or(6);
    let fraction = format!("{nanos:09}");
    match fraction.get(..digits) {
        Some(fraction) if !fraction.is_empty() => format!("{hours:02}:{minutes:02}:{seconds:02}.{fraction}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// The message of a value: what observed metrics travel as.
pub(crate) fn encode(literal: &Literal) -> proto::expression::Literal {
    let data_type = match literal {
        Literal::Array { .. } | Literal::Map { .. } | Literal::Struct { .. } => {
            Some(data_type::encode(&type_of(literal)))
        }
        _ => None,
    };
    let literal_type = match literal {
        Literal::Null(data_type) => LiteralType::Null(data_type::encode(data_type)),
        Literal::Boolean(value) => LiteralType::Boolean(*value),
        Literal::Byte(value) => LiteralType::Byte((*value).into()),
        Literal::Short(value) => LiteralType::Short((*value).into()),
        Literal::Int(value) => LiteralType::Integer(*value),
        Literal::Long(value) => LiteralType::Long(*value),
        Literal::Float(value) => LiteralType::Float(*value),
        Literal::Double(value) => LiteralType::Double(*value),
        Literal::Decimal { unscaled, precision, scale } => LiteralType::Decimal(message::Decimal {
            value: plain_decimal(*unscaled, *scale),
            precision: Some((*precision).into()),
            scale: Some((*scale).into()),
        }),
        Literal::String(text) => LiteralType::String(text.clone()),
        Literal::Binary(bytes) => LiteralType::Binary(bytes.clone()),
        Literal::Date(days) => LiteralType::Date(*days),
        Literal::Timestamp(micros) => LiteralType::Timestamp(*micros),
        Literal::TimestampNtz(micros) => LiteralType::TimestampNtz(*micros),
        Literal::YearMonthInterval { months, .. } => LiteralType::YearMonthInterval(*months),
        Literal::DayTimeInterval { micros, .. } => LiteralType::DayTimeInterval(*micros),
        Literal::CalendarInterval { months, days, micros } => {
            LiteralType::CalendarInterval(message::CalendarInterval {
                months: *months,
                days: *days,
                microseconds: *micros,
            })
        }
        // The deprecated types inside are what clients before 4.1 read.
        #[expect(deprecated, reason = "read by older clients")]
        Literal::Array { element, values } => LiteralType::Array(message::Array {
            element_type: Some(data_type::encode(element)),
            elements: values.iter().map(encode).collect(),
        }),
        #[expect(deprecated, reason = "read by older clients")]
        Literal::Map { key, value, entries } => LiteralType::Map(message::Map {
            key_type: Some(data_type::encode(key)),
            value_type: Some(data_type::encode(value)),
            keys: entries.iter().map(|(key, _)| encode(key)).collect(),
            values: entries.iter().map(|(_, value)| encode(value)).collect(),
        }),
        #[expect(deprecated, reason = "read by older clients")]
        Literal::Struct { data_type, values } => LiteralType::Struct(message::Struct {
            struct_type: Some(data_type::encode(data_type)),
            elements: values.iter().map(encode).collect(),
        }),
    };
    proto::expression::Literal { data_type, literal_type: Some(literal_type) }
}

fn plain_decimal(unscaled: i128, scale: i8) -> String {
    let Ok(scale) = usize::try_from(scale) else { return format!("{unscaled}E{}", -i32::from(scale)) };
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}
