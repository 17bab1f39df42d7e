//! The columns of DuckDB's tables with Spark's types, and the other way. A type that has no counterpart is refused by name.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use floe_base::{Error, Result};

use super::super::types;
use super::AttachedKind;

/// What DuckDB tells of a column besides its type.
pub(super) struct Told {
    pub(super) name: String,
    /// The type as DuckDB writes it.
    pub(super) type_name: String,
    pub(super) nullable: bool,
    pub(super) comment: Option<String>,
}

/// The columns as Spark has them; `given` are the Arrow types that DuckDB gives them itself.
pub(super) fn from_duckdb(given: &Schema, told: &[Told]) -> Result<SchemaRef> {
    let column = |field: &Arc<Field>| {
        let told = told.iter().find(|told| told.name == *field.name());
        let type_name = told.map_or("", |told| told.type_name.as_str());
        let refused = || {
            let shown = if type_name.is_empty() { field.data_type().to_string() } else { type_name.to_string() };
            Error::unsupported(format!("DuckDB's type {shown} (of column `{}`)", field.name()))
        };
        if has_no_counterpart(type_name) {
            return Err(refused());
        }
        let data_type = meant(field.data_type()).ok_or_else(refused)?;
        let comment = told.and_then(|told| told.comment.clone()).map(|comment| ("comment".to_string(), comment));
        let metadata: HashMap<String, String> = comment.into_iter().collect();
        let nullable = told.is_none_or(|told| told.nullable);
        Ok(Field::new(field.name(), data_type, nullable).with_metadata(metadata))
    };
    Ok(Arc::new(Schema::new(given.fields().iter().map(column).collect::<Result<Vec<_>>>()?)))
}

/// Types that come as Arrow's of another meaning. Names of members and of an ENUM's values stand in quotes.
fn has_no_counterpart(type_name: &str) -> bool {
    let bare = type_name.split(['\'', '"']).step_by(2);
    let mut words = bare.flat_map(|part| part.split(|letter: char| !letter.is_ascii_alphanumeric()));
    words.any(|word| matches!(word, "BIT" | "UHUGEINT" | "BIGNUM" | "VARIANT"))
}

/// The type of Spark's that has all values of the one DuckDB gives: unsigned numbers in the next larger type, as Spark
/// reads them from Parquet; sums, which are numbers of 128 bits, in 38 digits.
fn meant(given: &DataType) -> Option<DataType> {
    Some(match given {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Date32 => given.clone(),
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        // ENUM.
        DataType::Dictionary(_, value) => meant(value)?,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => return None,
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(_, Some(_)) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => {
            DataType::List(Arc::new(Field::new("element", meant(element.data_type())?, true)))
        }
        DataType::Struct(fields) => {
            let member = |field: &Arc<Field>| Some(Field::new(field.name(), meant(field.data_type())?, true));
            DataType::Struct(fields.iter().map(member).collect::<Option<Vec<_>>>()?.into())
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(pair) = entries.data_type() else { return None };
            let [key, value] = &pair[..] else { return None };
            let key = Field::new("key", meant(key.data_type())?, false);
            let value = Field::new("value", meant(value.data_type())?, true);
            let entries = Field::new("entries", DataType::Struct(vec![key, value].into()), false);
            DataType::Map(Arc::new(entries), false)
        }
        _ => return None,
    })
}

/// The type of a new column, as DuckDB's SQL writes it; refused where the other side would make another of it.
pub(super) fn stored(kind: AttachedKind, field: &Field) -> Result<String> {
    if !kind.stores(field.data_type()) {
        return Err(Error::unsupported(format!(
            "storing column `{}` of type {} in {}, which has no such type; cast it to one that it has",
            field.name(),
            shown(field),
            kind.title()
        )));
    }
    in_duckdb(field)
}

/// The type that a column of this type has in DuckDB, as its SQL writes it.
pub(super) fn in_duckdb(field: &Field) -> Result<String> {
    let refused =
        || Error::unsupported(format!("storing column `{}` of type {} in DuckDB", field.name(), shown(field)));
    if !is_stored(field.data_type()) {
        return Err(refused());
    }
    types::name(field.data_type()).map_err(|_| refused())
}

fn shown(field: &Field) -> String {
    floe_syntax::DataType::from_field(field).sql()
}

/// Types whose values DuckDB has as such. Numbers carry others through a query there; in a table they would stay numbers.
fn is_stored(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null | DataType::Interval(_) | DataType::Duration(_) | DataType::Time64(_) => false,
        DataType::List(element) => is_stored(element.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_stored(field.data_type())),
        DataType::Map(entries, _) => is_stored(entries.data_type()),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, type_name: &str) -> Told {
        Told { name: name.into(), type_name: type_name.into(), nullable: false, comment: Some("what it is".into()) }
    }

    #[test]
    fn what_spark_has_no_type_for_is_refused_by_name() {
        let given = Schema::new(vec![Field::new("b", DataType::Utf8, true)]);
        let error = from_duckdb(&given, &[told("b", "BIT[]")]).err().map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains("BIT[]") && text.contains("`b`")));
        assert!(from_duckdb(&given, &[told("b", "ENUM('BIT', 'BYTE')")]).is_ok());
        let given = Schema::new(vec![Field::new("n", DataType::Timestamp(TimeUnit::Nanosecond, None), true)]);
        assert!(from_duckdb(&given, &[told("n", "TIMESTAMP_NS")]).is_err());
        let interval = Field::new("i", DataType::Duration(TimeUnit::Microsecond), true);
        assert!(in_duckdb(&interval).is_err_and(|error| error.to_string().contains("INTERVAL DAY TO SECOND")));
    }

    #[test]
    fn unsigned_numbers_widen_and_what_is_told_is_kept() -> Result<()> {
        let given = Schema::new(vec![Field::new("u", DataType::UInt64, true)]);
        let columns = from_duckdb(&given, &[told("u", "UBIGINT")])?;
        assert_eq!(columns.field(0).data_type(), &DataType::Decimal128(20, 0));
        assert!(!columns.field(0).is_nullable());
        assert_eq!(columns.field(0).metadata().get("comment").map(String::as_str), Some("what it is"));
        Ok(())
    }
}
