//! What `greatest` and `least` share: the best of several values in a row, NULLs passed over.

use std::cmp::Ordering;

use arrow::array::make_comparator;
use arrow::array::{Array, BooleanArray};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::DataType;
use datafusion::logical_expr::ColumnarValue;
use floe_base::{Error, Result};

use super::_compare::is_orderable;
use super::_float::normal;
use crate::{Call, Typed, coerce};

pub(crate) fn bind(call: &Call<'_>, wanted: Ordering) -> Result<Typed> {
    call.at_least(2)?;
    let Some(values) = coerce::unify_without_text(call.arguments.clone(), call.context, call.origin) else {
        let types: Vec<String> =
            call.arguments.iter().map(|value| format!("\"{}\"", value.spark_type().sql())).collect();
        return Err(Error::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("dataType", format!("[{}]", types.join(", ")))
            .at(call.origin));
    };
    let values = values?;
    let Some(first) = values.first() else { return Err(call.wrong_count("> 1")) };
    let data_type = first.data_type.clone();
    if !is_orderable(&data_type) {
        return Err(Error::analysis("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
            .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
            .with("functionName", format!("`{}`", call.name))
            .with("dataType", format!("\"{}\"", first.spark_type().sql()))
            .at(call.origin));
    }
    if data_type == DataType::Null {
        return Ok(Typed::null(&data_type));
    }
    let nullable = values.iter().all(|value| value.nullable);
    let written = first.written.clone();
    let best = call.kernel(format!("{data_type}"), values, data_type, nullable, move |arguments| {
        let mut best = arguments.array(0)?;
        for index in 1..arguments.values.len() {
            let next = arguments.array(index)?;
            let (a, b) = (normal(&next)?, normal(&best)?);
            let order = make_comparator(&a, &b, arrow::compute::SortOptions::default())?;
            let better = |row: usize| match (next.is_null(row), best.is_null(row)) {
                (true, _) => false,
                (_, true) => true,
                _ => order(row, row) == wanted,
            };
            let replaced: BooleanArray = (0..next.len()).map(|row| Some(better(row))).collect();
            best = zip(&replaced, &next, &best)?;
        }
        Ok(ColumnarValue::Array(best))
    });
    Ok(best.with_written(written))
}
