//! `pandas_mode(value, dropna)`: the most frequent values as an array, in no order.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::Field;
use arrow::row::{Row, RowConverter, SortField};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_pandas::drops_nulls;
use crate::family::aggregate::_aggregate::{list_of, own};
use crate::family::aggregate::_collected::{Collected, End};
use crate::family::aggregate::_distinct::normal;
use crate::{Call, Function, Typed};

pub(crate) const FUNCTIONS: &[Function] = &[Function::aggregate("pandas_mode", bind).internal()];

fn bind(call: &Call<'_>) -> Result<Typed> {
    let [value, _] = call.exactly()?;
    let (data_type, drops) = (value.data_type.clone(), drops_nulls(call, 1)?);
    let list = list_of(&data_type, !drops);
    let finish = move |columns: &[ArrayRef]| {
        let values = columns.last().ok_or_else(|| floe_base::Error::internal("a mode of no column"))?;
        let rows = UInt32Array::from(most_frequent(values)?);
        let found = take(values, &rows, None)?;
        let field = Arc::new(Field::new("element", found.data_type().clone(), !drops));
        let offsets = OffsetBuffer::from_lengths([found.len()]);
        Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, found, None)?)))
    };
    let end = End::With(list.clone(), Arc::new(finish));
    // Rows whose first argument is NULL are left out: a constant in front keeps them.
    let marker = Typed::constant(ScalarValue::from(true));
    let arguments = if drops { vec![value] } else { vec![marker, value] };
    let types: Vec<_> = arguments.iter().map(|argument| argument.data_type.clone()).collect();
    Ok(own(call, format!("{data_type} {drops}"), arguments, (list, false), Collected::state(&types), move || {
        Ok(Collected::new(types.clone(), end.clone()))
    }))
}

/// One row of each of the most frequent values.
fn most_frequent(values: &ArrayRef) -> Result<Vec<u32>> {
    let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
    let rows = converter.convert_columns(&[normal(values)])?;
    let mut counts: HashMap<Row<'_>, (usize, u32)> = HashMap::new();
    for (index, row) in (0..).zip(rows.iter()) {
        counts.entry(row).or_insert((0, index)).0 += 1;
    }
    let most = counts.values().map(|(count, _)| *count).max().unwrap_or_default();
    let mut found: Vec<u32> = counts.into_values().filter(|(count, _)| *count == most).map(|(_, row)| row).collect();
    found.sort_unstable();
    Ok(found)
}
