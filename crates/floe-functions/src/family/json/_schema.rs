//! The schema that `from_json` and `from_csv` take as a constant text.

use floe_base::{Error, Result};
use floe_syntax::{DataType, data_type::Field};

use crate::Call;
use datafusion::scalar::ScalarValue;

/// The schema given as the nth argument, with everything in it nullable: a text promises nothing.
pub(crate) fn schema(call: &Call<'_>, index: usize) -> Result<DataType> {
    let text = match call.argument(index)?.literal() {
        Some(ScalarValue::Utf8(Some(text))) => text,
        _ => {
            return Err(Error::analysis("INVALID_SCHEMA.NON_STRING_LITERAL")
                .with("inputSchema", format!("\"{}\"", (call.text)(Some(index))))
                .at(call.origin));
        }
    };
    (call.context.parse_schema)(text).map(nullable)
}

fn nullable(data_type: DataType) -> DataType {
    match data_type {
        DataType::Array { element, .. } => DataType::Array { element: Box::new(nullable(*element)), nullable: true },
        DataType::Map { key, value, .. } => {
            DataType::Map { key: Box::new(nullable(*key)), value: Box::new(nullable(*value)), nullable: true }
        }
        DataType::Struct(fields) => {
            let loose = |field: Field| Field { data_type: nullable(field.data_type), nullable: true, ..field };
            DataType::Struct(fields.into_iter().map(loose).collect())
        }
        other => other,
    }
}

/// Spark 4.1 `MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION`: what `FAILFAST` makes of a bad record.
pub(crate) fn malformed(record: &str) -> Error {
    Error::new(floe_base::Kind::Operation, "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION")
        .with("badRecord", record)
        .with("failFastMode", "FAILFAST")
}

/// Where a schema has room for records that are malformed: the column of that name, a text.
pub(crate) fn corrupt_column(call: &Call<'_>, options: &super::_options::Options, members: &[Field]) -> Option<usize> {
    let default = call.context.conf("spark.sql.columnNameOfCorruptRecord", "_corrupt_record");
    let name = options.text("columnNameOfCorruptRecord").unwrap_or(&default);
    members.iter().position(|member| member.name == name && member.data_type == DataType::String)
}
