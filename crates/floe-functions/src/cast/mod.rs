//! Every cast between two types, as Spark 4.1 makes it: ANSI, legacy and `try_cast`.
//!
//! [`cast`] decides at binding: may it be done at all (`allowed.rs`), can the result be NULL, can it raise; and whether
//! Arrow's own cast is exactly the same (then it is a plain `Expr::Cast`, which the engine can push down and fold).
//! Everything else is a kernel over [`convert::convert`], which works on whole arrays and calls itself for the parts of
//! nested values. What a value looks like as text is in `format.rs` and, for `show`, in `show.rs`.
//!
//! | file | what |
//! |---|---|
//! | `allowed.rs` | which casts there are, which lose nothing, which an INSERT may make |
//! | `convert.rs` | arrays of one type to arrays of another |
//! | `number.rs` | between numbers, with overflow |
//! | `decimal.rs` | digits: scaling, rounding, reading and writing of decimals |
//! | `parse.rs` | numbers and booleans out of text |
//! | `time.rs` | dates and times: out of text, into text, between zones |
//! | `interval.rs` | intervals: out of text, into text |
//! | `format.rs`, `double.rs`, `digits.rs` | values into text as CAST writes them |
//! | `show.rs` | values into text as `show` prints them |
//! | `spelling.rs` | which of them other engines make in the same way |
//! | `special.rs` | `epoch`, `today` and their like |
//! | `store.rs` | the casts of INSERT |

mod allowed;
#[cfg(test)]
mod cases;
mod convert;
pub mod decimal;
mod digits;
pub mod double;
pub mod format;
pub mod interval;
mod number;
pub mod parse;
pub mod show;
mod special;
mod spelling;
mod store;
pub mod time;

use arrow::array::{ArrayRef, new_null_array};
use arrow::datatypes::DataType;
use datafusion::logical_expr::{Cast, ColumnarValue, Expr};
use datafusion::scalar::ScalarValue;
use floe_base::id::BackendId;
use floe_base::{Error, Origin, Result};
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;

pub use allowed::{loses_nothing, may_turn_null, storable};
pub use convert::{Evaluation, Rules, convert};
pub use show::{format_value, show};
pub use store::{column_name, store_assignment};

use crate::{Context, Kernel, Typed, coerce};

/// Casts an expression; `CastMode::Session` is decided by the context.
///
/// Fails where Spark has no such cast (`DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION`, …); see [`cast_as`] for types that
/// Arrow cannot tell apart and for the text of the cast in that error.
pub fn cast(value: Typed, to: &DataType, mode: CastMode, context: &Context, origin: &Origin) -> Result<Typed> {
    if &value.data_type == to {
        return Ok(value);
    }
    let spark = SparkType::from_arrow(to);
    build(value, to, &spark, mode, context, origin, None, None)
}

/// A cast as written: `to` is Spark's type (the fields of an interval matter), `text` the value cast, as Spark prints it.
pub fn cast_as(
    value: Typed,
    to: &SparkType,
    mode: CastMode,
    context: &Context,
    origin: &Origin,
    text: &dyn Fn() -> String,
) -> Result<Typed> {
    // A cast to char(n) or varchar(n) is one to string (`CharVarcharUtils`); the length matters to tables alone.
    let to = match to {
        SparkType::Char(_) | SparkType::Varchar(_) => &SparkType::String,
        other => other,
    };
    if &value.spark_type() == to {
        return Ok(value);
    }
    let arrow = to.to_arrow();
    let written = (SparkType::from_arrow(&arrow) != *to).then(|| to.clone());
    Ok(build(value, &arrow, to, mode, context, origin, Some(text), None)?.with_written(written))
}

/// The values of an array cast outside any plan, ANSI or not as the session has it.
pub fn cast_array(array: &ArrayRef, to: &DataType, context: &Context, origin: &Origin) -> Result<ArrayRef> {
    let rules = Rules::new(CastMode::Session, context, origin);
    let from = SparkType::from_arrow(array.data_type());
    convert(array, &from, &SparkType::from_arrow(to), to, &rules)
}

#[expect(clippy::too_many_arguments, reason = "private: the three kinds of cast differ in the last two alone")]
fn build(
    value: Typed,
    to: &DataType,
    to_spark: &SparkType,
    mode: CastMode,
    context: &Context,
    origin: &Origin,
    text: Option<&dyn Fn() -> String>,
    column: Option<&str>,
) -> Result<Typed> {
    let rules = Rules::new(mode, context, origin);
    let from_spark = value.spark_type();
    allowed::check(&value, to, to_spark, &rules, text)?;
    let nullable = value.nullable
        || match rules.evaluation {
            Evaluation::Try if matches!((&value.data_type, to), (DataType::Utf8, DataType::Binary)) => false,
            Evaluation::Try => !allowed::loses_nothing(&value.data_type, to) && !coerce::same(&value.data_type, to),
            _ => may_turn_null(&value.data_type, to),
        };
    if matches!(value.data_type, DataType::Null) {
        return Ok(if value.fallible { nothing_of(value, to) } else { Typed::null(to) });
    }
    if let Some(folded) = fold(&value, &from_spark, to_spark, to, &rules) {
        return Ok(Typed { nullable, ..folded });
    }
    let fallible = value.fallible;
    if native(&value.data_type, to) {
        let expr = Expr::Cast(Cast::new(Box::new(value.expr), to.clone()));
        return Ok(Typed::new(expr, to.clone(), nullable).with_fallible(fallible));
    }
    let raises = convert::raises(&value.data_type, to, &rules);
    let spelling = spelling::in_duckdb(&value.data_type, to, rules.evaluation);
    let key = format!("{from_spark} -> {to_spark} {:?} {} {column:?}", rules.evaluation, context.time_zone_name);
    let column = column.map(String::from);
    let target = to.clone();
    let to_spark = to_spark.clone();
    let kernel = Kernel::new("cast", key, to.clone(), nullable, move |arguments| {
        let argument = arguments.values.first().ok_or_else(|| Error::internal("a cast misses its argument"))?;
        let converted = |array: &ArrayRef| {
            convert(array, &from_spark, &to_spark, &target, &rules).map_err(|error| match &column {
                Some(column) => store::overflow_in_insert(error, &from_spark, &to_spark, column),
                None => error,
            })
        };
        Ok(match argument {
            ColumnarValue::Scalar(value) => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&converted(&value.to_array()?)?, 0)?)
            }
            ColumnarValue::Array(array) => ColumnarValue::Array(converted(array)?),
        })
    });
    let kernel = if raises { kernel.fallible() } else { kernel };
    let cast = kernel.call(vec![value]);
    Ok(match spelling {
        Some(text) => cast.spelled(BackendId::DuckDb, text),
        None => cast,
    })
}

/// NULL of a type in the place of one that is run for its errors: `raise_error` where the others of a CASE are numbers.
fn nothing_of(value: Typed, to: &DataType) -> Typed {
    let target = to.clone();
    let kernel = Kernel::new("cast", format!("VOID -> {to}"), to.clone(), true, move |arguments| {
        Ok(match arguments.all_scalar() {
            true => ColumnarValue::Scalar(ScalarValue::try_from(&target)?),
            false => ColumnarValue::Array(new_null_array(&target, arguments.rows)),
        })
    });
    kernel.fallible().call(vec![value])
}

/// A literal is cast at once, so that filters on it stay simple; where that raises, the kernel does when it is reached.
fn fold(value: &Typed, from: &SparkType, to_spark: &SparkType, to: &DataType, rules: &Rules) -> Option<Typed> {
    if to.is_nested() {
        return None;
    }
    let literal = value.literal()?;
    if let ScalarValue::Utf8(Some(text)) = literal
        && let Some(value) = special::special(text, to, rules)
    {
        return Some(Typed::constant(value));
    }
    let array = literal.to_array().ok()?;
    let array = convert(&array, from, to_spark, to, rules).ok()?;
    Some(Typed::constant(ScalarValue::try_from_array(&array, 0).ok()?))
}

/// Where Arrow's cast gives exactly Spark's answer for every value, in every mode.
fn native(from: &DataType, to: &DataType) -> bool {
    use DataType::{Binary, Decimal128, Float32, Float64, Int8, Int16, Int32, Int64, Utf8};
    match (from, to) {
        (Int8, Int16 | Int32 | Int64 | Float32 | Float64)
        | (Int16, Int32 | Int64 | Float32 | Float64)
        | (Int32, Int64 | Float32 | Float64)
        | (Int64, Float32 | Float64)
        | (Float32, Float64)
        | (Utf8, Binary)
        | (Int8 | Int16 | Int32 | Int64, Utf8) => true,
        (Int8 | Int16 | Int32 | Int64 | Decimal128(..), Decimal128(..)) => coerce::is_wider_decimal(to, from),
        _ => false,
    }
}
