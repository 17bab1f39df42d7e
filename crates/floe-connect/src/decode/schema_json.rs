//! Spark's JSON form of a type (`DataType.json`), as clients send it with local data and to `json_to_ddl`.

use floe_base::{Error, Kind, Result};
use floe_syntax::{DataType, Field};
use serde_json::Value;

use super::data_type::comment_of;
use super::text;

/// # Errors
/// `INVALID_JSON_DATA_TYPE` when the text is not a type.
pub(super) fn decode(written: &str) -> Result<DataType> {
    let value: Value = serde_json::from_str(written).map_err(|_| invalid(written))?;
    data_type(&value)
}

fn data_type(value: &Value) -> Result<DataType> {
    match value {
        Value::String(name) => named(name),
        Value::Object(object) => match object.get("type").and_then(Value::as_str) {
            Some("struct") => {
                let fields = object.get("fields").and_then(Value::as_array).ok_or_else(|| invalid_value(value))?;
                Ok(DataType::Struct(fields.iter().map(field).collect::<Result<_>>()?))
            }
            Some("array") => Ok(DataType::Array {
                element: Box::new(member(value, "elementType")?),
                nullable: flag(value, "containsNull"),
            }),
            Some("map") => Ok(DataType::Map {
                key: Box::new(member(value, "keyType")?),
                value: Box::new(member(value, "valueType")?),
                nullable: flag(value, "valueContainsNull"),
            }),
            Some("udt") => member(value, "sqlType"),
            _ => Err(invalid_value(value)),
        },
        _ => Err(invalid_value(value)),
    }
}

/// JSON calls some types by other names than SQL does.
fn named(name: &str) -> Result<DataType> {
    Ok(match name {
        "null" | "void" => DataType::Null,
        "boolean" => DataType::Boolean,
        "byte" => DataType::Byte,
        "short" => DataType::Short,
        "integer" => DataType::Int,
        "long" => DataType::Long,
        "float" => DataType::Float,
        "double" => DataType::Double,
        "string" => DataType::String,
        "binary" => DataType::Binary,
        "date" => DataType::Date,
        "timestamp" | "timestamp_ltz" => DataType::Timestamp,
        "timestamp_ntz" => DataType::TimestampNtz,
        "variant" => DataType::Variant,
        "calendarinterval" | "interval" => DataType::CalendarInterval,
        "decimal" => DataType::Decimal { precision: 10, scale: 0 },
        other => text::data_type_of_text(other).map_err(|_| invalid(other))?,
    })
}

fn field(value: &Value) -> Result<Field> {
    let name = value.get("name").and_then(Value::as_str).ok_or_else(|| invalid_value(value))?;
    let metadata =
        value.get("metadata").filter(|metadata| metadata.as_object().is_some_and(|object| !object.is_empty()));
    let (comment, metadata) = comment_of(metadata.map(Value::to_string));
    Ok(Field {
        name: name.into(),
        data_type: member(value, "type")?,
        nullable: flag(value, "nullable"),
        comment,
        metadata,
    })
}

fn member(value: &Value, key: &str) -> Result<DataType> {
    data_type(value.get(key).ok_or_else(|| invalid_value(value))?)
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(true)
}

fn invalid_value(value: &Value) -> Error {
    invalid(&value.to_string())
}

fn invalid(written: &str) -> Error {
    Error::new(Kind::Analysis, "INVALID_JSON_DATA_TYPE").with("invalidType", written)
}
