//! Types' names as functions: `int(x)` is `CAST(x AS INT)`.

use floe_base::Result;
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;

use crate::cast::cast_as;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[
    Function::scalar("boolean", bind)
        .usage("boolean(expr) - Casts the value `expr` to the target data type `boolean`."),
    Function::scalar("tinyint", bind)
        .usage("tinyint(expr) - Casts the value `expr` to the target data type `tinyint`."),
    Function::scalar("smallint", bind)
        .usage("smallint(expr) - Casts the value `expr` to the target data type `smallint`."),
    Function::scalar("int", bind).usage("int(expr) - Casts the value `expr` to the target data type `int`."),
    Function::scalar("bigint", bind).usage("bigint(expr) - Casts the value `expr` to the target data type `bigint`."),
    Function::scalar("float", bind).usage("float(expr) - Casts the value `expr` to the target data type `float`."),
    Function::scalar("double", bind).usage("double(expr) - Casts the value `expr` to the target data type `double`."),
    Function::scalar("decimal", bind)
        .usage("decimal(expr) - Casts the value `expr` to the target data type `decimal`."),
    Function::scalar("date", bind).usage("date(expr) - Casts the value `expr` to the target data type `date`."),
    Function::scalar("timestamp", bind)
        .usage("timestamp(expr) - Casts the value `expr` to the target data type `timestamp`."),
    Function::scalar("binary", bind).usage("binary(expr) - Casts the value `expr` to the target data type `binary`."),
    Function::scalar("string", bind).usage("string(expr) - Casts the value `expr` to the target data type `string`."),
];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value] = call.exactly()?;
    let to = match call.name {
        "boolean" => SparkType::Boolean,
        "tinyint" => SparkType::Byte,
        "smallint" => SparkType::Short,
        "int" => SparkType::Int,
        "bigint" => SparkType::Long,
        "float" => SparkType::Float,
        "double" => SparkType::Double,
        "decimal" => SparkType::Decimal { precision: 10, scale: 0 },
        "date" => SparkType::Date,
        "timestamp" if call.context.conf("spark.sql.timestampType", "TIMESTAMP_LTZ") == "TIMESTAMP_NTZ" => {
            SparkType::TimestampNtz
        }
        "timestamp" => SparkType::Timestamp,
        "binary" => SparkType::Binary,
        _ => SparkType::String,
    };
    cast_as(value, &to, CastMode::Session, call.context, call.origin, &|| (call.text)(Some(0)))
}
