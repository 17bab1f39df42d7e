//! Spark's data types as JSON: `{"type":"struct","fields":[…]}`, as `StructType.json()` writes them.

use floe_base::error::Kind;
use floe_base::{Error, Result};
use floe_syntax::{DataType, Field};
use serde_json::Value;

/// The type a JSON text describes. A bare name (`"long"`) may come without quotes, as clients send it.
pub fn parse_json_type(text: &str) -> Result<DataType> {
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return Err(invalid(text).caused_by(error)),
    };
    read(&value, 0)
}

fn invalid(what: &str) -> Error {
    Error::new(Kind::IllegalArgument, "INVALID_JSON_DATA_TYPE").with("invalidType", what)
}

fn read(value: &Value, depth: u32) -> Result<DataType> {
    if depth > crate::parser::NESTING_MAX {
        return Err(Error::new(Kind::Parse, "FAILED_TO_PARSE_TOO_COMPLEX"));
    }
    let shown = || invalid(&value.to_string());
    if let Some(name) = value.as_str() {
        return named(name).ok_or_else(shown);
    }
    let nullable = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(true);
    let inner = |key: &str| read(value.get(key).ok_or_else(shown)?, depth + 1).map(Box::new);
    match value.get("type").and_then(Value::as_str) {
        Some("struct") => {
            let fields = value.get("fields").and_then(Value::as_array).ok_or_else(shown)?;
            fields.iter().map(|field| read_field(field, depth)).collect::<Result<_>>().map(DataType::Struct)
        }
        Some("array") => Ok(DataType::Array { element: inner("elementType")?, nullable: nullable("containsNull") }),
        Some("map") => Ok(DataType::Map {
            key: inner("keyType")?,
            value: inner("valueType")?,
            nullable: nullable("valueContainsNull"),
        }),
        Some("udt") => read(value.get("sqlType").ok_or_else(shown)?, depth + 1),
        _ => Err(shown()),
    }
}

fn read_field(value: &Value, depth: u32) -> Result<Field> {
    let shown = || invalid(&value.to_string());
    let name = value.get("name").and_then(Value::as_str).ok_or_else(shown)?;
    let data_type = read(value.get("type").ok_or_else(shown)?, depth + 1)?;
    let nullable = value.get("nullable").and_then(Value::as_bool).unwrap_or(true);
    let mut field = Field::new(name, data_type, nullable);
    if let Some(Value::Object(metadata)) = value.get("metadata") {
        let mut rest = metadata.clone();
        field.comment = rest.shift_remove("comment").and_then(|comment| comment.as_str().map(str::to_string));
        if !rest.is_empty() {
            field.metadata = Some(Value::Object(rest).to_string());
        }
    }
    Ok(field)
}

/// Spark's names in JSON are those of `typeName`: `integer`, `long`, `decimal(10,2)`, `interval day to second`.
fn named(name: &str) -> Option<DataType> {
    match name {
        "null" => return Some(DataType::Null),
        "calendar_interval" | "interval" => return Some(DataType::CalendarInterval),
        _ => {}
    }
    crate::parse_data_type(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structs_keep_nullability_comment_and_metadata() {
        let text = r#"{"type":"struct","fields":[{"name":"a","type":"long","nullable":false,"metadata":{"comment":"c","x":1}},
            {"name":"b","type":{"type":"array","elementType":"decimal(10,2)","containsNull":false},"nullable":true,"metadata":{}}]}"#;
        let found = parse_json_type(text).expect("well-formed");
        assert_eq!(found.to_string(), "struct<a:bigint,b:array<decimal(10,2)>>");
        let DataType::Struct(fields) = found else { panic!("a struct") };
        assert!(!fields[0].nullable);
        assert_eq!(fields[0].comment.as_deref(), Some("c"));
        assert_eq!(fields[0].metadata.as_deref(), Some(r#"{"x":1}"#));
        assert_eq!(parse_json_type("\"integer\"").expect("well-formed"), DataType::Int);
    }
}
