//! Types: DuckDB's names of them, and what stands there for the types it does not have.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalUnit, TimeUnit};
use floe_sql::write::Refused;

/// The type that carries values of a plan's type through DuckDB: numbers for intervals and times of day, whose order is
/// the same. `None` where nothing does.
pub(super) fn carried(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Utf8
        | DataType::Binary
        | DataType::Date32
        | DataType::Timestamp(TimeUnit::Microsecond, None) => data_type.clone(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
        }
        DataType::Null | DataType::Interval(IntervalUnit::YearMonth) => DataType::Int32,
        DataType::Duration(TimeUnit::Microsecond) | DataType::Time64(TimeUnit::Nanosecond) => DataType::Int64,
        DataType::List(element) => DataType::List(carried_field(element)?),
        DataType::Struct(fields) => {
            // DuckDB's members differ by more than the case of their letters, and there is at least one.
            let names: HashSet<String> = fields.iter().map(|field| field.name().to_lowercase()).collect();
            if names.len() != fields.len() || fields.is_empty() || names.contains("") {
                return None;
            }
            DataType::Struct(fields.iter().map(carried_field).collect::<Option<_>>()?)
        }
        DataType::Map(entries, sorted) => DataType::Map(carried_field(entries)?, *sorted),
        _ => return None,
    })
}

fn carried_field(field: &Arc<Field>) -> Option<Arc<Field>> {
    // Metadata would make extension types of what is a plain value here.
    Some(Arc::new(Field::new(field.name(), carried(field.data_type())?, field.is_nullable())))
}

/// DuckDB's name of the type that carries a plan's type.
pub(super) fn name(data_type: &DataType) -> Result<String, Refused> {
    let carried = carried(data_type).ok_or_else(|| Refused::new(format!("type {data_type}")))?;
    written(&carried)
}

fn written(data_type: &DataType) -> Result<String, Refused> {
    Ok(match data_type {
        DataType::Boolean => "BOOLEAN".into(),
        DataType::Int8 => "TINYINT".into(),
        DataType::Int16 => "SMALLINT".into(),
        DataType::Int32 => "INTEGER".into(),
        DataType::Int64 => "BIGINT".into(),
        DataType::UInt8 => "UTINYINT".into(),
        DataType::UInt16 => "USMALLINT".into(),
        DataType::UInt32 => "UINTEGER".into(),
        DataType::UInt64 => "UBIGINT".into(),
        DataType::Float32 => "FLOAT".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision}, {scale})"),
        DataType::Utf8 => "VARCHAR".into(),
        DataType::Binary => "BLOB".into(),
        DataType::Date32 => "DATE".into(),
        DataType::Timestamp(_, None) => "TIMESTAMP".into(),
        DataType::Timestamp(_, Some(_)) => "TIMESTAMPTZ".into(),
        DataType::List(element) => format!("{}[]", written(element.data_type())?),
        DataType::Struct(fields) => {
            let member = |field: &Arc<Field>| Ok(format!("{} {}", quote(field.name()), written(field.data_type())?));
            format!("STRUCT({})", fields.iter().map(member).collect::<Result<Vec<_>, Refused>>()?.join(", "))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) if fields.len() == 2 => {
                format!("MAP({}, {})", written(fields[0].data_type())?, written(fields[1].data_type())?)
            }
            other => return Err(Refused::new(format!("type map of {other}"))),
        },
        other => return Err(Refused::new(format!("type {other}"))),
    })
}

pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text for DuckDB.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
