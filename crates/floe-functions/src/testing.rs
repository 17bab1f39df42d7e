//! Asking a function in a unit test: values in, text out.
//!
//! ```ignore
//! assert_eq!(ask("+", ["1", "2"]), "3 INT NOT NULL");
//! ```
//! Arguments are literals in a small notation ([`literal`]); the answer is the value as `show` prints it and its type, or
//! the error's condition. What a whole query answers is for the cases in `tests/slt`, written by real Spark.

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema};
use datafusion::common::DFSchema;
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::create_physical_expr;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Origin, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;
use std::sync::Arc;

use crate::cast::{cast_as, show};
use crate::{Call, Context, Typed};

/// The answer of a function to literals, with ANSI.
pub(crate) fn ask<const N: usize>(name: &str, arguments: [&str; N]) -> String {
    ask_in(&Context::default(), name, &arguments)
}

/// The answer without ANSI.
pub(crate) fn ask_legacy<const N: usize>(name: &str, arguments: [&str; N]) -> String {
    ask_in(&Context { ansi: false, ..Context::default() }, name, &arguments)
}

pub(crate) fn ask_in(context: &Context, name: &str, arguments: &[&str]) -> String {
    let arguments: Result<Vec<Typed>> = arguments.iter().map(|text| literal(text, context)).collect();
    let answer =
        arguments.and_then(|arguments| bind(context, name, arguments)).and_then(|typed| answer(&typed, context));
    answer.unwrap_or_else(|error| match error.condition() {
        "" | "INTERNAL_ERROR" => error.sentence(),
        condition => condition.into(),
    })
}

/// A call of a function by name.
pub(crate) fn bind(context: &Context, name: &str, arguments: Vec<Typed>) -> Result<Typed> {
    let function = crate::find(name).ok_or_else(|| Error::internal(format!("no function {name}")))?;
    let texts: Vec<String> = arguments.iter().map(|argument| argument.expr.schema_name().to_string()).collect();
    let origin = Origin::Unknown;
    let call = Call {
        name,
        arguments,
        distinct: false,
        ignore_nulls: None,
        within_group: Vec::new(),
        origin: &origin,
        context,
        text: &|index| index.and_then(|index| texts.get(index).cloned()).unwrap_or_else(|| name.into()),
        lambdas: &|_, _| Err(Error::internal("no lambdas here")),
        is_lambda: &|_| false,
    };
    (function.bind)(&call)
}

/// `1`, `1L`, `1Y`, `1S`, `1.5` (a decimal), `1D`, `1F`, `'text'`, `true`, `null`; with a type behind a colon, which it is
/// cast to: `'2024-01-01':date`.
pub(crate) fn literal(text: &str, context: &Context) -> Result<Typed> {
    let origin = Origin::Unknown;
    if let Some((value, data_type)) = text.rsplit_once(':').filter(|(_, name)| name.starts_with(char::is_alphabetic)) {
        let to = type_of(data_type)?;
        let value = literal(value, context)?;
        // A literal of a type is never NULL for having been cast.
        let nullable = value.nullable;
        let cast = cast_as(value, &to, CastMode::Ansi, context, &origin, &|| text.into())?;
        return Ok(Typed { nullable, ..cast });
    }
    let number = |suffix: &str| text.strip_suffix(suffix).and_then(|digits| digits.parse::<i64>().ok());
    let double = |suffix: &str| text.strip_suffix(suffix).and_then(|digits| digits.parse::<f64>().ok());
    let value = match text {
        "null" => ScalarValue::Null,
        "true" => ScalarValue::from(true),
        "false" => ScalarValue::from(false),
        _ if text.starts_with('\'') => ScalarValue::from(text.trim_matches('\'')),
        _ if number("Y").is_some() => ScalarValue::Int8(number("Y").map(|value| value as i8)),
        _ if number("S").is_some() => ScalarValue::Int16(number("S").map(|value| value as i16)),
        _ if number("L").is_some() => ScalarValue::Int64(number("L")),
        _ if double("D").is_some() => ScalarValue::Float64(double("D")),
        _ if double("F").is_some() => ScalarValue::Float32(double("F").map(|value| value as f32)),
        _ => match text.parse::<i32>() {
            Ok(value) => ScalarValue::Int32(Some(value)),
            Err(_) => decimal(text)?,
        },
    };
    Ok(Typed::constant(value))
}

fn decimal(text: &str) -> Result<ScalarValue> {
    let scale = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let digits: i128 = text.replace('.', "").parse().map_err(|_| Error::internal(format!("what is {text}?")))?;
    let precision = digits.to_string().trim_start_matches('-').len().max(scale);
    Ok(ScalarValue::Decimal128(Some(digits), precision as u8, scale as i8))
}

fn type_of(name: &str) -> Result<SparkType> {
    use floe_syntax::data_type::{DayTimeField as D, YearMonthField as Y};
    if let Some(sizes) = name.strip_prefix("decimal(").and_then(|rest| rest.strip_suffix(')')) {
        let (precision, scale) = sizes.split_once(',').unwrap_or((sizes, "0"));
        let size = |text: &str| text.parse::<u8>().unwrap_or(0);
        return Ok(SparkType::Decimal { precision: size(precision), scale: size(scale) as i8 });
    }
    Ok(match name {
        "int" => SparkType::Int,
        "long" => SparkType::Long,
        "double" => SparkType::Double,
        "float" => SparkType::Float,
        "string" => SparkType::String,
        "binary" => SparkType::Binary,
        "boolean" => SparkType::Boolean,
        "tinyint" => SparkType::Byte,
        "smallint" => SparkType::Short,
        "date" => SparkType::Date,
        "timestamp" => SparkType::Timestamp,
        "ntz" | "timestamp_ntz" => SparkType::TimestampNtz,
        "day" => SparkType::DayTimeInterval(D::Day, D::Day),
        "second" => SparkType::DayTimeInterval(D::Second, D::Second),
        "day to second" => SparkType::DayTimeInterval(D::Day, D::Second),
        "year" => SparkType::YearMonthInterval(Y::Year, Y::Year),
        "month" => SparkType::YearMonthInterval(Y::Month, Y::Month),
        "year to month" => SparkType::YearMonthInterval(Y::Year, Y::Month),
        "interval" => SparkType::CalendarInterval,
        other => return Err(Error::internal(format!("what is {other}?"))),
    })
}

/// The value and type of an expression over no columns: `3 INT NOT NULL`.
pub(crate) fn answer(typed: &Typed, context: &Context) -> Result<String> {
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options)?;
    let array = evaluate(&typed.expr, &batch)?;
    if array.data_type() != &typed.data_type {
        return Err(Error::internal(format!("declared {}, is {}", typed.data_type, array.data_type())));
    }
    let field = typed.spark_type().to_field("answer", true);
    let text = show(&array, &field, context)?;
    let null = if typed.nullable { "" } else { " NOT NULL" };
    Ok(format!("{} {}{null}", text.value(0), typed.spark_type().sql()))
}

/// An expression over a batch's columns, unoptimised.
pub(crate) fn evaluate(expr: &Expr, batch: &RecordBatch) -> Result<ArrayRef> {
    let schema = DFSchema::try_from(batch.schema().as_ref().clone())?;
    let physical = create_physical_expr(expr, &schema, &ExecutionProps::new())?;
    Ok(physical.evaluate(batch)?.into_array(batch.num_rows())?)
}

/// A column of a batch as an argument.
pub(crate) fn column(name: &str, data_type: DataType, nullable: bool) -> Typed {
    Typed::new(datafusion::logical_expr::ident(name), data_type, nullable)
}
