//! `= <=> != < <= > >=`: operands made alike, and the engine's own comparison wherever it is the same as Spark's.

use arrow::array::make_comparator;
use arrow::array::{Array, BooleanArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, IntervalUnit};
use datafusion::logical_expr::{BinaryExpr, ColumnarValue, Expr, Operator};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_float::{has_floats, is_normal, normal, normalise};
use crate::family::arithmetic::_operands::different;
use crate::{Call, Kernel, Typed, coerce};

/// The comparison of the call's two arguments; `symbol` is how Spark calls it in errors.
pub(crate) fn bind(call: &Call<'_>, operator: Operator, symbol: &str) -> Result<Typed> {
    let [left, right] = call.exactly()?;
    let equality = matches!(operator, Operator::Eq | Operator::NotEq | Operator::IsNotDistinctFrom);
    let (left, right) = match truth(call, &left, &right, equality) {
        Some(operands) => operands?,
        None => coerce::comparands(left, right, call.context, call.origin)?,
    };
    if !coerce::same(&left.data_type, &right.data_type) {
        return Err(different(call, &left, &right));
    }
    if !is_orderable(&left.data_type) {
        return Err(Error::analysis("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{symbol}`"))
            .with("dataType", format!("\"{}\"", left.spark_type().sql()))
            .at(call.origin));
    }
    Ok(compare(left, operator, right))
}

/// Without ANSI a boolean equals the numbers 0 and 1 (`BooleanEquality`).
fn truth(call: &Call<'_>, left: &Typed, right: &Typed, equality: bool) -> Option<Result<(Typed, Typed)>> {
    use floe_syntax::expression::CastMode;
    if call.context.ansi || !equality {
        return None;
    }
    let to = |value: &Typed, to: &DataType| {
        crate::cast::cast(value.clone(), to, CastMode::Session, call.context, call.origin)
    };
    match (&left.data_type, &right.data_type) {
        (DataType::Boolean, number) if coerce::is_numeric(number) => {
            Some(to(left, number).map(|left| (left, right.clone())))
        }
        (number, DataType::Boolean) if coerce::is_numeric(number) => {
            Some(to(right, number).map(|right| (left.clone(), right)))
        }
        _ => None,
    }
}

/// Whether values of a type have an order (`RowOrdering.isOrderable`).
pub(crate) fn is_orderable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) | DataType::Interval(IntervalUnit::MonthDayNano) => false,
        DataType::List(field) => is_orderable(field.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_orderable(field.data_type())),
        _ => true,
    }
}

/// The comparison of two values of one type.
pub(crate) fn compare(left: Typed, operator: Operator, right: Typed) -> Typed {
    let safe = operator == Operator::IsNotDistinctFrom;
    let nullable = !safe && (left.nullable || right.nullable);
    let fallible = left.fallible || right.fallible;
    if left.data_type == DataType::Null && right.data_type == DataType::Null {
        let value = if safe { ScalarValue::Boolean(Some(true)) } else { ScalarValue::Boolean(None) };
        return Typed::constant(value);
    }
    if left.data_type.is_nested() {
        return nested(left, operator, right, nullable);
    }
    let expr = match has_floats(&left.data_type) {
        true => floating(left, operator, right),
        false => binary(left.expr, operator, right.expr),
    };
    Typed::new(expr, DataType::Boolean, nullable).with_fallible(fallible)
}

fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), operator, Box::new(right)))
}

/// A plain column beside a number stays as it is, so that files are pruned by it: the engine's order and Spark's differ
/// for NaN and zeros alone, and a zero is compared to the one of its two that gives Spark's answer. NaNs of negative
/// sign only computations make, never files that Spark or we have written.
fn floating(left: Typed, operator: Operator, right: Typed) -> Expr {
    let (column, number, operator) = match (&left.expr, &right.expr) {
        (plain, Expr::Literal(..)) if is_plain(plain) => (left.expr.clone(), &right.expr, operator),
        (Expr::Literal(..), plain) if is_plain(plain) => match operator.swap() {
            Some(swapped) => (right.expr.clone(), &left.expr, swapped),
            None => return both_normal(left, operator, right),
        },
        _ => return both_normal(left, operator, right),
    };
    let zeros = match number {
        Expr::Literal(ScalarValue::Float64(Some(value)), _) if *value == 0.0 => {
            Some((ScalarValue::Float64(Some(-0.0)), ScalarValue::Float64(Some(0.0))))
        }
        Expr::Literal(ScalarValue::Float32(Some(value)), _) if *value == 0.0 => {
            Some((ScalarValue::Float32(Some(-0.0)), ScalarValue::Float32(Some(0.0))))
        }
        literal if is_normal(literal) => return binary(column, operator, literal.clone()),
        _ => None,
    };
    let Some((negative, positive)) = zeros else { return both_normal(left, operator, right) };
    let (negative, positive) = (Expr::Literal(negative, None), Expr::Literal(positive, None));
    match operator {
        Operator::Lt | Operator::GtEq => binary(column, operator, negative),
        Operator::LtEq | Operator::Gt => binary(column, operator, positive),
        Operator::Eq => {
            let least = binary(column.clone(), Operator::GtEq, negative);
            binary(least, Operator::And, binary(column, Operator::LtEq, positive))
        }
        _ => both_normal(left, operator, right),
    }
}

/// A column, or one read as another type.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) => true,
        Expr::Cast(cast) => matches!(cast.expr.as_ref(), Expr::Column(_)),
        _ => false,
    }
}

fn both_normal(left: Typed, operator: Operator, right: Typed) -> Expr {
    binary(normalise(left).expr, operator, normalise(right).expr)
}

/// Arrays and structs part by part, NULL inside them less than all and equal to itself.
fn nested(left: Typed, operator: Operator, right: Typed, nullable: bool) -> Typed {
    let key = format!("{operator} {}", left.data_type);
    let kernel = Kernel::new("compare", key, DataType::Boolean, nullable, move |arguments| {
        let (left, right) = (normal(&arguments.array(0)?)?, normal(&arguments.array(1)?)?);
        let right =
            if left.data_type() == right.data_type() { right } else { arrow::compute::cast(&right, left.data_type())? };
        let order =
            make_comparator(&left, &right, arrow::compute::SortOptions { descending: false, nulls_first: true })?;
        let decide = |row: usize| match operator {
            Operator::Eq | Operator::IsNotDistinctFrom => order(row, row).is_eq(),
            Operator::NotEq => order(row, row).is_ne(),
            Operator::Lt => order(row, row).is_lt(),
            Operator::LtEq => order(row, row).is_le(),
            Operator::Gt => order(row, row).is_gt(),
            _ => order(row, row).is_ge(),
        };
        let values = (0..left.len()).map(decide).collect();
        let nulls = match operator {
            Operator::IsNotDistinctFrom => None,
            _ => NullBuffer::union(left.nulls(), right.nulls()),
        };
        Ok(ColumnarValue::Array(std::sync::Arc::new(BooleanArray::new(values, nulls))))
    });
    kernel.call(vec![left, right])
}
