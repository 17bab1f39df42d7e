//! Columns that stand in the names of folders (`day=2024-01-01/`): their types are found from their values, as Spark 4.1
//! finds them (`PartitioningUtils.inferPartitionColumnValue`).

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::{DataType, Date32Type, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::logical_expr::{Expr, cast, ident, lit, when};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::listed::Below;
use super::projected;

/// The folder of rows whose value is NULL (Hive's word for it).
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The provider with its partition columns, which are texts in it, under their own types; a given schema has the first word.
pub(super) fn typed(
    provider: Arc<dyn TableProvider>,
    given: Option<&SchemaRef>,
    below: &Below,
) -> Result<Arc<dyn TableProvider>> {
    let values = values(below);
    if values.is_empty() {
        return Ok(provider);
    }
    let schema = provider.schema();
    let column = |name: &String| match values.get(name) {
        None => Ok(ident(name)),
        Some(values) => value(name, &type_of(name, values, given)?),
    };
    let columns = schema.fields().iter().map(|field| column(field.name())).collect::<Result<Vec<_>>>()?;
    projected(provider, columns)
}

fn value(name: &str, data_type: &DataType) -> Result<Expr> {
    let null = lit(ScalarValue::Utf8(None));
    let text = when(ident(name).eq(lit(NO_VALUE)), null).otherwise(ident(name))?;
    Ok(if *data_type == DataType::Utf8 { text } else { cast(text, data_type.clone()) }.alias(name))
}

/// The values of every partition column below the paths.
fn values(below: &Below) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in below.all().flat_map(|file| &file.folders).filter_map(|folder| folder.split_once('=')) {
        let values = found.entry(name.to_string()).or_default();
        if !values.iter().any(|known| known == value) {
            values.push(value.to_string());
        }
    }
    found
}

fn type_of(name: &str, values: &[String], given: Option<&SchemaRef>) -> Result<DataType> {
    if let Some(escaped) = values.iter().find(|value| value.contains('%')) {
        return Err(Error::unsupported(format!("the partition value {name}={escaped}, which has escaped letters,")));
    }
    let given = given.and_then(|schema: &Arc<Schema>| {
        schema
            .fields()
            .iter()
            .find(|field| field.name().eq_ignore_ascii_case(name))
            .map(|field| field.data_type().clone())
    });
    if let Some(given) = given {
        return Ok(given);
    }
    let mut types = values.iter().filter(|value| *value != NO_VALUE).map(|value| of_value(value));
    let Some(first) = types.next() else { return Ok(DataType::Utf8) };
    Ok(types.fold(first, |left, right| common(&left, &right)))
}

fn of_value(text: &str) -> DataType {
    if text.parse::<i32>().is_ok() {
        DataType::Int32
    } else if text.parse::<i64>().is_ok() {
        DataType::Int64
    } else if text.starts_with(|letter: char| letter.is_ascii_digit() || "+-.".contains(letter))
        && text.parse::<f64>().is_ok()
    {
        DataType::Float64
    } else if text.len() == 10 && Date32Type::parse(text).is_some() {
        DataType::Date32
    } else {
        DataType::Utf8
    }
}

/// Values of two types: the wider number, else text.
fn common(left: &DataType, right: &DataType) -> DataType {
    use DataType::{Float64, Int32, Int64, Utf8};
    match (left, right) {
        (left, right) if left == right => left.clone(),
        (Int32 | Int64, Int32 | Int64) => Int64,
        (Int32 | Int64 | Float64, Int32 | Int64 | Float64) => Float64,
        _ => Utf8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_all_values() -> Result<()> {
        let of =
            |values: &[&str]| type_of("c", &values.iter().map(|value| (*value).to_string()).collect::<Vec<_>>(), None);
        assert_eq!(of(&["1", "2"])?, DataType::Int32);
        assert_eq!(of(&["1", "3000000000"])?, DataType::Int64);
        assert_eq!(of(&["1", "2.5"])?, DataType::Float64);
        assert_eq!(of(&["2024-01-01", NO_VALUE])?, DataType::Date32);
        assert_eq!(of(&["2024-01-01", "1"])?, DataType::Utf8);
        assert_eq!(of(&["1", "x"])?, DataType::Utf8);
        assert!(of(&["a%3Ab"]).is_err());
        Ok(())
    }
}
