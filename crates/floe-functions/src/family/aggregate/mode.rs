//! `mode`: the most frequent value. Of several Spark gives any, unless told to give the least (`deterministic`) or the first
//! of an order (`WITHIN GROUP`); here it is always one of those two.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::row::{Row, RowConverter, SortField};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_aggregate::own;
use super::_collected::{Collected, End};
use super::_distinct::normal;
use super::_percentile::only_ordering;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("mode", bind)
    .usage("mode(col[, deterministic]) - Returns the most frequent value for the values within `col`.")];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let (value, descending) = match call.arguments.as_slice() {
        [] => only_ordering(call)?,
        _ if !call.within_group.is_empty() => {
            return Err(Error::analysis("INVALID_WITHIN_GROUP_EXPRESSION.WRONG_NUM_ORDERINGS")
                .with("funcName", "`mode`")
                .with("expectedNum", "0")
                .with("actualNum", call.within_group.len().to_string())
                .at(call.origin));
        }
        [value] => (value.clone(), false),
        [value, deterministic] => match deterministic.literal() {
            Some(ScalarValue::Boolean(Some(_))) => (value.clone(), false),
            Some(ScalarValue::Boolean(None) | ScalarValue::Null) => {
                return Err(Error::analysis("DATATYPE_MISMATCH.UNEXPECTED_NULL")
                    .with("sqlExpr", format!("\"{}\"", (call.text)(Some(1))))
                    .with("exprName", "`deterministic`")
                    .at(call.origin));
            }
            _ => return Err(call.unexpected_type(1, "\"BOOLEAN\"")),
        },
        _ => return Err(call.wrong_count("[0, 1, 2]")),
    };
    let (data_type, written) = (value.data_type.clone(), value.written.clone());
    let result = data_type.clone();
    let finish = move |columns: &[ArrayRef]| match most_frequent(&columns[0], descending)? {
        Some(row) => Ok(ScalarValue::try_from_array(&columns[0], row)?),
        None => Ok(ScalarValue::try_from(&result)?),
    };
    let end = End::With(data_type.clone(), Arc::new(finish));
    let types = vec![data_type.clone()];
    let key = format!("{data_type} {descending}");
    let typed = own(call, key, vec![value], (data_type, true), Collected::state(&types), move || {
        Ok(Collected::new(types.clone(), end.clone()))
    });
    Ok(typed.with_written(written))
}

fn most_frequent(values: &ArrayRef, descending: bool) -> Result<Option<usize>> {
    let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
    let rows = converter.convert_columns(&[normal(values)])?;
    let mut counts: HashMap<Row<'_>, (usize, usize)> = HashMap::new();
    for (index, row) in rows.iter().enumerate() {
        counts.entry(row).or_insert((0, index)).0 += 1;
    }
    let best = counts.into_iter().max_by(|(left, (left_count, _)), (right, (right_count, _))| {
        let earlier = if descending { left.cmp(right) } else { right.cmp(left) };
        left_count.cmp(right_count).then(earlier)
    });
    Ok(best.map(|(_, (_, index))| index))
}
