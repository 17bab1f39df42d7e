//! Constants in DuckDB's SQL.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_sql::write::Refused;

use super::types;

/// Days from 0001-01-01 to 9999-12-31, counted from 1970-01-01: those that DuckDB reads as Spark writes them.
const WRITTEN_DAYS: std::ops::RangeInclusive<i32> = -719_162..=2_932_896;

/// The constant with its type.
pub(super) fn literal(value: &ScalarValue) -> Result<String, Refused> {
    let type_name = types::name(&value.data_type())?;
    if value.is_null() {
        return Ok(format!("CAST(NULL AS {type_name})"));
    }
    let refused = || Err(Refused::new(format!("constant {value} of type {}", value.data_type())));
    let text = match value {
        ScalarValue::Boolean(Some(value)) => return Ok(if *value { "TRUE".into() } else { "FALSE".into() }),
        ScalarValue::Utf8(Some(text)) if text.contains('\0') => return refused(),
        ScalarValue::Utf8(Some(value)) => return Ok(types::text(value)),
        ScalarValue::Int8(Some(value)) => value.to_string(),
        ScalarValue::Int16(Some(value)) => value.to_string(),
        ScalarValue::Int32(Some(value)) | ScalarValue::IntervalYearMonth(Some(value)) => value.to_string(),
        ScalarValue::Int64(Some(value))
        | ScalarValue::DurationMicrosecond(Some(value))
        | ScalarValue::Time64Nanosecond(Some(value)) => value.to_string(),
        ScalarValue::UInt8(Some(value)) => value.to_string(),
        ScalarValue::UInt16(Some(value)) => value.to_string(),
        ScalarValue::UInt32(Some(value)) => value.to_string(),
        ScalarValue::UInt64(Some(value)) => value.to_string(),
        ScalarValue::Float32(Some(value)) => format!("'{value:e}'"),
        ScalarValue::Float64(Some(value)) => format!("'{value:e}'"),
        ScalarValue::Decimal128(Some(digits), _, scale) => format!("'{}'", decimal(*digits, *scale)),
        ScalarValue::Binary(Some(bytes)) => {
            format!("'{}'", bytes.iter().map(|byte| format!("\\x{byte:02X}")).collect::<String>())
        }
        ScalarValue::Date32(Some(days)) if WRITTEN_DAYS.contains(days) => {
            format!("'{}'", arrow::temporal_conversions::date32_to_datetime(*days).unwrap_or_default().date())
        }
        ScalarValue::Date32(Some(days)) => format!("DATE '1970-01-01' + {days}"),
        ScalarValue::TimestampMicrosecond(Some(micros), _) => format!("make_timestamp({micros})"),
        _ => return refused(),
    };
    Ok(format!("CAST({text} AS {type_name})"))
}

fn decimal(digits: i128, scale: i8) -> String {
    let places = usize::try_from(scale).unwrap_or(0);
    let sign = if digits < 0 { "-" } else { "" };
    let written = format!("{:0>width$}", digits.unsigned_abs(), width = places + 1);
    let (whole, fraction) = written.split_at(written.len() - places);
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Whether the constant has a text of its own here.
pub(super) fn is_plain(data_type: &DataType) -> bool {
    !data_type.is_nested()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_carry_their_types() -> Result<(), Refused> {
        assert_eq!(literal(&ScalarValue::Int64(Some(i64::MIN)))?, "CAST(-9223372036854775808 AS BIGINT)");
        assert_eq!(literal(&ScalarValue::Decimal128(Some(-5), 4, 2))?, "CAST('-0.05' AS DECIMAL(4, 2))");
        assert_eq!(literal(&ScalarValue::Float64(Some(f64::NEG_INFINITY)))?, "CAST('-inf' AS DOUBLE)");
        assert_eq!(literal(&ScalarValue::Utf8(Some("it's".into())))?, "'it''s'");
        assert_eq!(literal(&ScalarValue::Date32(Some(0)))?, "CAST('1970-01-01' AS DATE)");
        assert_eq!(literal(&ScalarValue::Date32(None))?, "CAST(NULL AS DATE)");
        assert_eq!(literal(&ScalarValue::Null)?, "CAST(NULL AS INTEGER)");
        Ok(())
    }
}
