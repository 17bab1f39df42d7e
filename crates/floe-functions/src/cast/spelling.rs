//! Casts that DuckDB makes as Spark does.

use arrow::datatypes::DataType;

use super::Evaluation;

/// Digits of a decimal that a double holds exactly, so that its value over a power of ten is rounded once.
const DIGITS_OF_A_DOUBLE: u8 = 15;

/// The cast as DuckDB writes it. A number that does not fit raises there, or is NULL where the cast only tries; without
/// ANSI Spark has something else, which is then asked for elsewhere.
pub(super) fn in_duckdb(from: &DataType, to: &DataType, evaluation: Evaluation) -> Option<String> {
    let cast = if evaluation == Evaluation::Try { "TRY_CAST" } else { "CAST" };
    let to_name = name(to)?;
    Some(match (from, to) {
        (from, to) if from.is_integer() && (to.is_integer() || is_decimal(to)) => format!("{cast}({{0}} AS {to_name})"),
        (DataType::Decimal128(..), DataType::Decimal128(..)) => format!("{cast}({{0}} AS {to_name})"),
        // DuckDB rounds; Spark cuts.
        (DataType::Decimal128(..) | DataType::Float64, to) if to.is_integer() => {
            format!("{cast}(trunc({{0}}) AS {to_name})")
        }
        (DataType::Decimal128(precision, _), DataType::Float64) if *precision <= DIGITS_OF_A_DOUBLE => {
            format!("CAST({{0}} AS {to_name})")
        }
        (DataType::Boolean, to) if to.is_integer() => format!("CAST({{0}} AS {to_name})"),
        (DataType::Boolean, DataType::Utf8) => format!("CAST({{0}} AS {to_name})"),
        _ => return None,
    })
}

fn is_decimal(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Decimal128(..))
}

fn name(data_type: &DataType) -> Option<String> {
    Some(match data_type {
        DataType::Int8 => "TINYINT".into(),
        DataType::Int16 => "SMALLINT".into(),
        DataType::Int32 => "INTEGER".into(),
        DataType::Int64 => "BIGINT".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Utf8 => "VARCHAR".into(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision}, {scale})"),
        _ => return None,
    })
}
