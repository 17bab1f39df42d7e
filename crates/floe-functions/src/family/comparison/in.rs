//! `in`: whether a value equals one of a list; NULL where none does and one is NULL.

use arrow::datatypes::DataType;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Expr, Operator};
use floe_base::{Error, Result};

use super::_compare::{compare, is_orderable};
use super::_float::normalise;
use crate::{Call, Function, Typed, coerce, condition};

pub(crate) const FUNCTIONS: &[Function] =
    &[Function::scalar("in", bind).usage("expr1 in(expr2, expr3, ...) - Returns true if `expr` equals to any valN.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    call.at_least(1)?;
    let Some(values) = coerce::unify(call.arguments.clone(), call.context, call.origin) else {
        let types: Vec<String> =
            call.arguments.iter().map(|value| format!("\"{}\"", value.spark_type().sql())).collect();
        return Err(Error::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", "`in`")
            .with("dataType", format!("[{}]", types.join(", ")))
            .at(call.origin));
    };
    let mut values = values?.into_iter();
    let Some(value) = values.next() else { return Err(call.wrong_count("> 0")) };
    let list: Vec<Typed> = values.collect();
    if !is_orderable(&value.data_type) {
        return Err(Error::analysis("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", "`in`")
            .with("dataType", format!("\"{}\"", value.spark_type().sql()))
            .at(call.origin));
    }
    // One after the other, where one raises that Spark might not reach, and for values the engine has no set of.
    if value.data_type.is_nested() || list.iter().any(|item| item.fallible) || value.data_type == DataType::Null {
        let equals = list.into_iter().map(|item| compare(value.clone(), Operator::Eq, item));
        return Ok(condition::any(equals));
    }
    let nullable = value.nullable || list.iter().any(|item| item.nullable);
    let fallible = value.fallible;
    let list = list.into_iter().map(|item| normalise(item).expr).collect();
    let expr = Expr::InList(InList::new(Box::new(normalise(value).expr), list, false));
    Ok(Typed::new(expr, DataType::Boolean, nullable).with_fallible(fallible))
}
