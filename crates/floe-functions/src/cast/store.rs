//! The casts of INSERT: what Spark stores in a column of another type (`spark.sql.storeAssignmentPolicy`).

use arrow::datatypes::DataType;
use floe_base::error::Kind;
use floe_base::{Error, Origin, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::data_type::identifier;
use floe_syntax::expression::CastMode;

use super::allowed;
use crate::{Context, Typed, coerce};

/// The value as a column of this type takes it, by the policy of the session: ANSI (the default), LEGACY or STRICT.
///
/// `table` and `column` name the place as Spark prints it, in back-ticks: `` `cat`.`db`.`t` ``, `` `c` ``.
/// Fails with `INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST` where the policy takes no value of the type; a value
/// that does not fit raises `CAST_OVERFLOW_IN_TABLE_INSERT` when it is written, whatever `spark.sql.ansi.enabled` says.
pub fn store_assignment(
    value: Typed,
    to: &DataType,
    table: &str,
    column: &str,
    context: &Context,
    origin: &Origin,
) -> Result<Typed> {
    let policy = context.conf("spark.sql.storeAssignmentPolicy", "ANSI").to_uppercase();
    let (taken, mode) = match policy.as_str() {
        "LEGACY" => (true, CastMode::Session),
        "STRICT" => (allowed::loses_nothing(&value.data_type, to), CastMode::Ansi),
        _ => (allowed::storable(&nullable_inside(&value.data_type), &nullable_inside(to)), CastMode::Ansi),
    };
    if !taken {
        return Err(Error::analysis("INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST")
            .with("tableName", table)
            .with("colName", column)
            .with("srcType", format!("\"{}\"", value.spark_type().sql()))
            .with("targetType", format!("\"{}\"", SparkType::from_arrow(to).sql()))
            .at(origin));
    }
    let spark = SparkType::from_arrow(to);
    let overflows = holds_digits(to) && !allowed::loses_nothing(&value.data_type, to) && mode == CastMode::Ansi;
    super::build(value, to, &spark, mode, context, origin, None, overflows.then_some(column))
}

/// Whole numbers or decimals, at any depth.
fn holds_digits(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(field) | DataType::Map(field, _) => holds_digits(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_digits(field.data_type())),
        other => coerce::is_integral(other) || coerce::is_decimal(other),
    }
}

/// Spark 4.1 `CAST_OVERFLOW_IN_TABLE_INSERT`: what an overflow is called when it happens on the way into a table.
pub(super) fn overflow_in_insert(error: Error, from: &SparkType, to: &SparkType, column: &str) -> Error {
    if error.kind() != Kind::Arithmetic {
        return error;
    }
    Error::new(Kind::Arithmetic, "CAST_OVERFLOW_IN_TABLE_INSERT")
        .with("sourceType", format!("\"{}\"", from.sql()))
        .with("targetType", format!("\"{}\"", to.sql()))
        .with("columnName", column)
}

/// A column's name as the errors of INSERT print it.
pub fn column_name(name: &str) -> String {
    format!("`{}`", identifier(name).trim_matches('`'))
}

/// The type with everything inside it nullable: NULLs inside are another error, found by the resolver.
fn nullable_inside(data_type: &DataType) -> DataType {
    match data_type {
        DataType::List(field) => {
            let inner = field.as_ref().clone().with_nullable(true).with_data_type(nullable_inside(field.data_type()));
            DataType::List(inner.into())
        }
        DataType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|field| {
                    field.as_ref().clone().with_nullable(true).with_data_type(nullable_inside(field.data_type()))
                })
                .collect(),
        ),
        other => other.clone(),
    }
}
