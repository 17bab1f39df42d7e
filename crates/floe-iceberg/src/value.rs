//! Single values: Iceberg literals, Arrow scalars, and the bytes between them.
//!
//! Partition tuples, column bounds and default values pass through here.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType, TimestampNanosecondType,
};
use datafusion::common::ScalarValue;
use floe_base::{Error, Result};
use iceberg::spec::{Literal, PrimitiveLiteral, PrimitiveType, Type};
use uuid::Uuid;

use crate::arrow_schema::UTC;
use crate::error::Lift;

/// A literal of a type as the engine's scalar.
pub fn scalar(literal: &PrimitiveLiteral, of: &PrimitiveType) -> Result<ScalarValue> {
    Ok(match (of, literal) {
        (PrimitiveType::Boolean, PrimitiveLiteral::Boolean(value)) => ScalarValue::Boolean(Some(*value)),
        (PrimitiveType::Int, PrimitiveLiteral::Int(value)) => ScalarValue::Int32(Some(*value)),
        (PrimitiveType::Long, PrimitiveLiteral::Long(value)) => ScalarValue::Int64(Some(*value)),
        // A file from before a promotion carries the narrower value.
        (PrimitiveType::Long, PrimitiveLiteral::Int(value)) => ScalarValue::Int64(Some(i64::from(*value))),
        (PrimitiveType::Float, PrimitiveLiteral::Float(value)) => ScalarValue::Float32(Some(value.0)),
        (PrimitiveType::Double, PrimitiveLiteral::Double(value)) => ScalarValue::Float64(Some(value.0)),
        (PrimitiveType::Double, PrimitiveLiteral::Float(value)) => ScalarValue::Float64(Some(f64::from(value.0))),
        (PrimitiveType::Decimal { precision, scale }, PrimitiveLiteral::Int128(value)) => ScalarValue::Decimal128(
            Some(*value),
            u8::try_from(*precision).unwrap_or(38),
            i8::try_from(*scale).unwrap_or(38),
        ),
        (PrimitiveType::Date, PrimitiveLiteral::Int(value)) => ScalarValue::Date32(Some(*value)),
        (PrimitiveType::Time, PrimitiveLiteral::Long(value)) => ScalarValue::Time64Microsecond(Some(*value)),
        (PrimitiveType::Timestamp, PrimitiveLiteral::Long(value)) => {
            ScalarValue::TimestampMicrosecond(Some(*value), None)
        }
        (PrimitiveType::Timestamptz, PrimitiveLiteral::Long(value)) => {
            ScalarValue::TimestampMicrosecond(Some(*value), Some(UTC.into()))
        }
        (PrimitiveType::TimestampNs, PrimitiveLiteral::Long(value)) => {
            ScalarValue::TimestampNanosecond(Some(*value), None)
        }
        (PrimitiveType::TimestamptzNs, PrimitiveLiteral::Long(value)) => {
            ScalarValue::TimestampNanosecond(Some(*value), Some(UTC.into()))
        }
        (PrimitiveType::String, PrimitiveLiteral::String(value)) => ScalarValue::Utf8(Some(value.clone())),
        (PrimitiveType::Uuid, PrimitiveLiteral::UInt128(value)) => {
            ScalarValue::Utf8(Some(Uuid::from_u128(*value).to_string()))
        }
        (PrimitiveType::Binary | PrimitiveType::Fixed(_), PrimitiveLiteral::Binary(value)) => {
            ScalarValue::Binary(Some(value.clone()))
        }
        (of, literal) => return Err(Error::internal(format!("value {literal:?} is no {of}"))),
    })
}

/// A nullable literal of a type; `None` is that type's null.
pub fn scalar_or_null(literal: Option<&Literal>, of: &Type) -> Result<ScalarValue> {
    let engine = crate::arrow_schema::engine_field(&iceberg::spec::NestedField::optional(0, "v", of.clone()));
    match (literal, of) {
        (None, _) => Ok(ScalarValue::try_from(engine.data_type())?),
        (Some(Literal::Primitive(value)), Type::Primitive(primitive)) => scalar(value, primitive),
        (Some(_), _) => Err(Error::unsupported("a default value of a nested type")),
    }
}

/// Row `row` of a column as a literal of an Iceberg type; `None` for null.
pub fn literal(array: &ArrayRef, row: usize, of: &PrimitiveType) -> Result<Option<Literal>> {
    if array.is_null(row) {
        return Ok(None);
    }
    let wrong = || Error::internal(format!("a column of type {} is no {of}", array.data_type()));
    let value = match of {
        PrimitiveType::Boolean => Literal::bool(array.as_boolean_opt().ok_or_else(wrong)?.value(row)),
        PrimitiveType::Int => Literal::int(array.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?.value(row)),
        PrimitiveType::Long => Literal::long(array.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?.value(row)),
        PrimitiveType::Float => Literal::float(array.as_primitive_opt::<Float32Type>().ok_or_else(wrong)?.value(row)),
        PrimitiveType::Double => Literal::double(array.as_primitive_opt::<Float64Type>().ok_or_else(wrong)?.value(row)),
        PrimitiveType::Decimal { .. } => {
            Literal::decimal(array.as_primitive_opt::<Decimal128Type>().ok_or_else(wrong)?.value(row))
        }
        // Transforms `day` and `identity` give dates as Date32, others plain integers: both count days.
        PrimitiveType::Date => match array.as_primitive_opt::<Date32Type>() {
            Some(dates) => Literal::date(dates.value(row)),
            None => Literal::date(array.as_primitive_opt::<Int32Type>().ok_or_else(wrong)?.value(row)),
        },
        PrimitiveType::Time => {
            Literal::time(array.as_primitive_opt::<Time64MicrosecondType>().ok_or_else(wrong)?.value(row))
        }
        PrimitiveType::Timestamp | PrimitiveType::Timestamptz => {
            Literal::timestamp(array.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?.value(row))
        }
        PrimitiveType::TimestampNs | PrimitiveType::TimestamptzNs => {
            Literal::long(array.as_primitive_opt::<TimestampNanosecondType>().ok_or_else(wrong)?.value(row))
        }
        PrimitiveType::String => Literal::string(array.as_string_opt::<i32>().ok_or_else(wrong)?.value(row)),
        PrimitiveType::Uuid => {
            let bytes = array.as_fixed_size_binary_opt().ok_or_else(wrong)?.value(row);
            Literal::uuid(Uuid::from_slice(bytes).map_err(|error| Error::internal(error.to_string()))?)
        }
        PrimitiveType::Binary => {
            Literal::binary(array.as_binary_opt::<i32>().ok_or_else(wrong)?.value(row).iter().copied())
        }
        PrimitiveType::Fixed(_) => {
            Literal::fixed(array.as_fixed_size_binary_opt().ok_or_else(wrong)?.value(row).iter().copied())
        }
    };
    Ok(Some(value))
}

/// An engine scalar as an array of one, of the type an Iceberg transform takes.
pub(crate) fn transform_one(
    transform: &iceberg::spec::Transform,
    value: &ScalarValue,
    result: &PrimitiveType,
) -> Result<Option<Literal>> {
    let function = iceberg::transform::create_transform_function(transform).lift()?;
    let array: ArrayRef = value.to_array()?;
    let transformed = function.transform(Arc::clone(&array)).lift()?;
    literal(&transformed, 0, result)
}
