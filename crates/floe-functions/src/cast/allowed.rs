//! Which casts Spark has, which of them lose nothing, and what it says of the others.

use arrow::datatypes::{DataType, FieldRef, IntervalUnit};
use floe_base::{Error, Result};
use floe_syntax::DataType as SparkType;

use super::{Evaluation, Rules};
use crate::{Typed, coerce};

/// Fails with Spark's reason where there is no such cast.
pub(super) fn check(
    value: &Typed,
    to: &DataType,
    to_spark: &SparkType,
    rules: &Rules,
    text: Option<&dyn Fn() -> String>,
) -> Result<()> {
    let from = &value.data_type;
    let ansi = rules.evaluation != Evaluation::Legacy;
    if exists(from, to, ansi) {
        return Ok(());
    }
    let word = if rules.evaluation == Evaluation::Try { "TRY_CAST" } else { "CAST" };
    let written = match (text, value.literal()) {
        (Some(text), _) => text(),
        (None, Some(literal)) => literal.to_string(),
        (None, None) => value.expr.schema_name().to_string(),
    };
    let target = to_spark.sql();
    let error = |condition: &str| {
        Error::analysis(format!("DATATYPE_MISMATCH.{condition}"))
            .with("sqlExpr", format!("\"{word}({written} AS {target})\""))
            .with("srcType", format!("\"{}\"", value.spark_type().sql()))
            .with("targetType", format!("\"{target}\""))
    };
    let error = match (from, to) {
        (from, DataType::Date32) if ansi && coerce::is_numeric(from) => {
            error("CAST_WITH_FUNC_SUGGESTION").with("functionNames", "`DATE_FROM_UNIX_DATE`")
        }
        (DataType::Date32, to) if ansi && coerce::is_numeric(to) => {
            error("CAST_WITH_FUNC_SUGGESTION").with("functionNames", "`UNIX_DATE`")
        }
        _ if ansi && exists(from, to, false) => {
            error("CAST_WITH_CONF_SUGGESTION").with("config", "\"spark.sql.ansi.enabled\"").with("configVal", "'false'")
        }
        _ => error("CAST_WITHOUT_SUGGESTION"),
    };
    Err(error.at(&rules.origin))
}

/// `Cast.canCast`, or with ANSI `Cast.canAnsiCast`.
fn exists(from: &DataType, to: &DataType, ansi: bool) -> bool {
    use DataType::{Binary, Boolean, Date32, Decimal128, Duration, Interval, Null, Time64, Timestamp, Utf8};
    let legacy = !ansi;
    match (from, to) {
        (from, to) if coerce::same(from, to) => true,
        (Null, _) | (_, Utf8) => true,
        (Utf8, Binary | Boolean | Date32 | Timestamp(..) | Interval(_) | Duration(_) | Time64(_)) => true,
        (Utf8 | Boolean, to) if coerce::is_numeric(to) => true,
        (from, Binary) if coerce::is_integral(from) => legacy,
        (from, Boolean) if coerce::is_numeric(from) => true,
        (Date32 | Timestamp(_, Some(_)), Boolean) | (Boolean, Timestamp(_, Some(_))) => legacy,
        (Date32, to) if coerce::is_numeric(to) => legacy,
        (from, to) if coerce::is_datetime(from) && coerce::is_datetime(to) => true,
        (from, Timestamp(_, Some(_))) if coerce::is_numeric(from) => true,
        (Timestamp(_, Some(_)), to) if coerce::is_numeric(to) => true,
        (Time64(_), Time64(_)) => true,
        (from, to) if coerce::is_numeric(from) && coerce::is_numeric(to) => true,
        (from, to) if coerce::is_ansi_interval(to) => coerce::is_integral(from) || matches!(from, Decimal128(..)),
        (from, to) if coerce::is_ansi_interval(from) => coerce::is_integral(to) || matches!(to, Decimal128(..)),
        (DataType::List(from), DataType::List(to)) => part(from, to, ansi),
        (DataType::Map(from, _), DataType::Map(to, _)) => parts(from.data_type(), to.data_type(), ansi),
        (DataType::Struct(_), DataType::Struct(_)) => parts(from, to, ansi),
        _ => false,
    }
}

fn parts(from: &DataType, to: &DataType, ansi: bool) -> bool {
    let (DataType::Struct(from), DataType::Struct(to)) = (from, to) else { return false };
    from.len() == to.len() && from.iter().zip(to).all(|(from, to)| part(from, to, ansi))
}

/// A part that may turn NULL cannot go where none is allowed. With ANSI it raises instead.
fn part(from: &FieldRef, to: &FieldRef, ansi: bool) -> bool {
    let turns = from.is_nullable() || (!ansi && may_turn_null(from.data_type(), to.data_type()));
    (to.is_nullable() || !turns) && exists(from.data_type(), to.data_type(), ansi)
}

/// Whether the result can be NULL though the value is not (`Cast.forceNullable`). Declared so with ANSI too.
pub fn may_turn_null(from: &DataType, to: &DataType) -> bool {
    use DataType::{Binary, Date32, Float32, Float64, Int8, Int16, Int32, Interval, Null, Timestamp, Utf8};
    match (from, to) {
        (from, to) if from == to => false,
        (Null, _) | (Utf8, Binary | Utf8) => false,
        (Utf8, _) => true,
        (_, Utf8) => false,
        (Timestamp(_, Some(_)), Int8 | Int16 | Int32) => true,
        (Float32 | Float64, Timestamp(_, Some(_))) => true,
        (Timestamp(_, Some(_)), Date32) | (Date32, Timestamp(_, Some(_))) => false,
        (_, Date32) | (Date32, _) => true,
        (_, Interval(IntervalUnit::MonthDayNano)) => true,
        (from, DataType::Decimal128(..)) => !fits_decimal(from, to),
        (from, to) => coerce::is_fractional(from) && coerce::is_integral(to),
    }
}

/// `Cast.canNullSafeCastToDecimal`.
fn fits_decimal(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Boolean, DataType::Decimal128(precision, scale)) => i16::from(*precision) > i16::from(*scale),
        (from, to) if coerce::is_wider_decimal(to, from) => true,
        (DataType::Decimal128(from, from_scale), DataType::Decimal128(to, to_scale)) => {
            i16::from(*to) - i16::from(*to_scale) > i16::from(*from) - i16::from(*from_scale)
        }
        _ => false,
    }
}

/// Whether no value is lost or changed by the cast (`UpCastRule.canUpCast`).
pub fn loses_nothing(from: &DataType, to: &DataType) -> bool {
    use DataType::{Date32, Null, Timestamp, Utf8};
    match (from, to) {
        (from, to) if from == to => true,
        (from, DataType::Decimal128(..)) if coerce::is_numeric(from) => coerce::is_wider_decimal(to, from),
        (DataType::Decimal128(..), to) if coerce::is_integral(to) => coerce::decimal_for(to)
            .is_some_and(|(precision, scale)| coerce::is_narrower_decimal(from, precision, scale)),
        (from, to) if coerce::is_plain_number(from) && coerce::is_plain_number(to) => {
            coerce::number_rank(from) <= coerce::number_rank(to)
        }
        (Date32, Timestamp(..)) | (Timestamp(..), Timestamp(..)) => true,
        (from, Utf8) => coerce::is_atomic(from),
        (Null, _) => true,
        (DataType::List(from), DataType::List(to)) => keeps(from, to),
        (DataType::Map(from, _), DataType::Map(to, _)) => match (from.data_type(), to.data_type()) {
            (DataType::Struct(from), DataType::Struct(to)) => from.iter().zip(to).all(|(from, to)| keeps(from, to)),
            _ => false,
        },
        (DataType::Struct(from), DataType::Struct(to)) => {
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| keeps(from, to))
        }
        (from, to) => coerce::is_ansi_interval(from) && from == to,
    }
}

fn keeps(from: &FieldRef, to: &FieldRef) -> bool {
    (to.is_nullable() || !from.is_nullable()) && loses_nothing(from.data_type(), to.data_type())
}

/// Whether ANSI stores a value of one type in a column of another (`Cast.canANSIStoreAssign`).
pub fn storable(from: &DataType, to: &DataType) -> bool {
    let fields = |from: &FieldRef, to: &FieldRef| {
        (to.is_nullable() || !from.is_nullable()) && storable(from.data_type(), to.data_type())
    };
    match (from, to) {
        (from, to) if from == to => true,
        (DataType::Null, _) => true,
        (from, to) if coerce::is_numeric(from) && coerce::is_numeric(to) => true,
        (from, DataType::Utf8) => coerce::is_atomic(from) || coerce::is_interval(from),
        (from, to) if coerce::is_datetime(from) && coerce::is_datetime(to) => true,
        (DataType::List(from), DataType::List(to)) => fields(from, to),
        (DataType::Map(from, _), DataType::Map(to, _)) => match (from.data_type(), to.data_type()) {
            (DataType::Struct(from), DataType::Struct(to)) => from.iter().zip(to).all(|(from, to)| fields(from, to)),
            _ => false,
        },
        (DataType::Struct(from), DataType::Struct(to)) => {
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| from.name() == to.name() && fields(from, to))
        }
        _ => false,
    }
}
