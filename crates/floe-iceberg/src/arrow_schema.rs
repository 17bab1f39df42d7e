//! Iceberg types and Arrow types, both ways.
//!
//! Inside the engine a `timestamp` of Spark's (with local time zone, Iceberg `timestamptz`) is always
//! `Timestamp(Microsecond, "UTC")`, a string is `Utf8`, a list's child is called `element` and a map's entries
//! `entries`. A `uuid` is a string, as Spark shows it (Iceberg 1.10 `TypeToSparkType`); in files it is 16 bytes.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Fields, Schema as ArrowSchema, SchemaRef, TimeUnit};
use floe_base::{Error, Kind, Result};
use iceberg::spec::{ListType, MapType, NestedField, NestedFieldRef, PrimitiveType, Schema, StructType, Type};
use parquet::arrow::PARQUET_FIELD_ID_META_KEY;

use crate::error::Lift;

/// The zone every timestamp with local time zone carries in the engine.
pub const UTC: &str = "UTC";

/// The table's columns as the engine sees them.
pub fn engine_schema(schema: &Schema) -> SchemaRef {
    Arc::new(ArrowSchema::new(fields(schema.as_struct(), Purpose::Engine)))
}

/// The columns as they are written into a data file: field ids on every level, and the files' own types.
pub fn file_schema(schema: &Schema) -> SchemaRef {
    Arc::new(ArrowSchema::new(fields(schema.as_struct(), Purpose::File)))
}

/// One column as the engine sees it.
pub fn engine_field(field: &NestedField) -> FieldRef {
    field_of(field, &field.name, Purpose::Engine)
}

/// The Iceberg schema for columns of the engine, field ids counted from 1. The catalog assigns the final ids in the same
/// manner.
///
/// # Errors
/// A type Iceberg has no room for is named.
pub fn iceberg_schema(schema: &ArrowSchema) -> Result<Schema> {
    let mut next_id = 0;
    let fields = iceberg_fields(schema.fields(), &mut next_id)?;
    Schema::builder().with_fields(fields).build().lift()
}

/// The Iceberg type of an engine type; nested fields take ids from `next_id` on.
pub fn iceberg_type(data_type: &DataType, next_id: &mut i32) -> Result<Type> {
    let primitive = match data_type {
        DataType::Boolean => PrimitiveType::Boolean,
        // Iceberg has no smaller integer; Spark's tinyint and smallint become int (Iceberg 1.10 `SparkTypeToType`).
        DataType::Int8 | DataType::Int16 | DataType::Int32 => PrimitiveType::Int,
        DataType::Int64 => PrimitiveType::Long,
        DataType::Float32 => PrimitiveType::Float,
        DataType::Float64 => PrimitiveType::Double,
        DataType::Decimal128(precision, scale) if *scale >= 0 => {
            PrimitiveType::Decimal { precision: u32::from(*precision), scale: scale.unsigned_abs().into() }
        }
        DataType::Date32 => PrimitiveType::Date,
        DataType::Time64(TimeUnit::Microsecond) => PrimitiveType::Time,
        DataType::Timestamp(_, Some(_)) => PrimitiveType::Timestamptz,
        DataType::Timestamp(_, None) => PrimitiveType::Timestamp,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => PrimitiveType::String,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => PrimitiveType::Binary,
        DataType::FixedSizeBinary(size) => PrimitiveType::Fixed(u64::from(size.unsigned_abs())),
        DataType::Dictionary(_, value) => return iceberg_type(value, next_id),
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            let id = take(next_id);
            let inner = iceberg_type(element.data_type(), next_id)?;
            let element = NestedField::list_element(id, inner, !element.is_nullable());
            return Ok(Type::List(ListType::new(Arc::new(element))));
        }
        DataType::Map(entries, _) => return map_type(entries, next_id),
        DataType::Struct(fields) => {
            return Ok(Type::Struct(StructType::new(iceberg_fields(fields, next_id)?)));
        }
        other => return Err(Error::unsupported(format!("a column of type {other} in an Iceberg table"))),
    };
    Ok(Type::Primitive(primitive))
}

/// Ids go to all fields of one level first, then inwards: the order of Iceberg's `TypeUtil.assignFreshIds`.
fn iceberg_fields(fields: &Fields, next_id: &mut i32) -> Result<Vec<NestedFieldRef>> {
    let ids: Vec<i32> = fields.iter().map(|_| take(next_id)).collect();
    let mut made = Vec::with_capacity(fields.len());
    for (id, field) in ids.into_iter().zip(fields) {
        let inner = iceberg_type(field.data_type(), next_id)?;
        let mut nested = NestedField::new(id, field.name(), inner, !field.is_nullable());
        if let Some(comment) = field.metadata().get("comment") {
            nested = nested.with_doc(comment);
        }
        made.push(Arc::new(nested));
    }
    Ok(made)
}

fn map_type(entries: &Field, next_id: &mut i32) -> Result<Type> {
    let DataType::Struct(parts) = entries.data_type() else {
        return Err(Error::internal("a map's entries are no struct"));
    };
    let [key, value] = parts.as_ref() else {
        return Err(Error::internal("a map's entries are not a key and a value"));
    };
    let (key_id, value_id) = (take(next_id), take(next_id));
    let key_type = iceberg_type(key.data_type(), next_id)?;
    let value_type = iceberg_type(value.data_type(), next_id)?;
    let key = NestedField::map_key_element(key_id, key_type);
    let value = NestedField::map_value_element(value_id, value_type, !value.is_nullable());
    Ok(Type::Map(MapType::new(Arc::new(key), Arc::new(value))))
}

fn take(next_id: &mut i32) -> i32 {
    *next_id += 1;
    *next_id
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Engine,
    File,
}

fn fields(of: &StructType, purpose: Purpose) -> Fields {
    of.fields().iter().map(|field| field_of(field, &field.name, purpose)).collect()
}

fn field_of(field: &NestedField, name: &str, purpose: Purpose) -> FieldRef {
    let made = Field::new(name, data_type(&field.field_type, purpose), !field.required);
    let metadata = match purpose {
        Purpose::File => HashMap::from([(PARQUET_FIELD_ID_META_KEY.to_string(), field.id.to_string())]),
        Purpose::Engine => HashMap::new(),
    };
    Arc::new(made.with_metadata(metadata))
}

fn data_type(of: &Type, purpose: Purpose) -> DataType {
    match of {
        Type::Primitive(primitive) => primitive_type(primitive, purpose),
        Type::Struct(inner) => DataType::Struct(fields(inner, purpose)),
        Type::List(list) => DataType::List(field_of(&list.element_field, "element", purpose)),
        Type::Map(map) => {
            let key = field_of(&map.key_field, "key", purpose);
            let value = field_of(&map.value_field, "value", purpose);
            let entries = Field::new("entries", DataType::Struct(Fields::from(vec![key, value])), false);
            DataType::Map(Arc::new(entries), false)
        }
    }
}

fn primitive_type(of: &PrimitiveType, purpose: Purpose) -> DataType {
    match of {
        PrimitiveType::Boolean => DataType::Boolean,
        PrimitiveType::Int => DataType::Int32,
        PrimitiveType::Long => DataType::Int64,
        PrimitiveType::Float => DataType::Float32,
        PrimitiveType::Double => DataType::Float64,
        // Iceberg's bounds (38 digits, scale within them) are those of the Arrow type.
        PrimitiveType::Decimal { precision, scale } => {
            DataType::Decimal128(u8::try_from(*precision).unwrap_or(38), i8::try_from(*scale).unwrap_or(38))
        }
        PrimitiveType::Date => DataType::Date32,
        PrimitiveType::Time => DataType::Time64(TimeUnit::Microsecond),
        PrimitiveType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        PrimitiveType::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        PrimitiveType::TimestampNs => DataType::Timestamp(TimeUnit::Nanosecond, None),
        PrimitiveType::TimestamptzNs => DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into())),
        PrimitiveType::String => DataType::Utf8,
        PrimitiveType::Binary => DataType::Binary,
        PrimitiveType::Uuid if purpose == Purpose::File => DataType::FixedSizeBinary(16),
        PrimitiveType::Uuid => DataType::Utf8,
        PrimitiveType::Fixed(size) if purpose == Purpose::File => {
            DataType::FixedSizeBinary(i32::try_from(*size).unwrap_or(i32::MAX))
        }
        PrimitiveType::Fixed(_) => DataType::Binary,
    }
}

/// The field id a Parquet file's column carries, as Arrow hands it on.
pub fn field_id(field: &Field) -> Option<i32> {
    field.metadata().get(PARQUET_FIELD_ID_META_KEY)?.parse().ok()
}

/// A column that is not there, as Spark 4.1 words it.
pub(crate) fn column_not_found(name: &str, schema: &Schema) -> Error {
    let known: Vec<String> =
        schema.as_struct().fields().iter().map(|field| floe_base::error::quoted(&[&field.name])).collect();
    let parts: Vec<&str> = name.split('.').collect();
    Error::new(Kind::Analysis, "UNRESOLVED_COLUMN.WITH_SUGGESTION")
        .with("objectName", floe_base::error::quoted(&parts))
        .with("proposal", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_types_survive_the_round_trip() -> Result<()> {
        let element = Field::new("element", DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())), true);
        let entries = Fields::from(vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Decimal128(12, 2), true),
        ]);
        let schema = ArrowSchema::new(vec![
            Field::new("a", DataType::Int32, false),
            Field::new("b", DataType::List(Arc::new(element)), true),
            Field::new(
                "c",
                DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false),
                true,
            ),
            Field::new("d", DataType::Date32, true),
        ]);
        let iceberg = iceberg_schema(&schema)?;
        assert_eq!(engine_schema(&iceberg).as_ref(), &schema);
        assert_eq!(iceberg.field_id_by_name("d"), Some(4));
        assert_eq!(iceberg.field_id_by_name("b.element"), Some(5));
        Ok(())
    }

    #[test]
    fn small_integers_widen_and_intervals_are_refused() {
        let mut id = 0;
        assert!(matches!(iceberg_type(&DataType::Int8, &mut id), Ok(Type::Primitive(PrimitiveType::Int))));
        assert!(iceberg_type(&DataType::Null, &mut id).is_err());
    }
}
