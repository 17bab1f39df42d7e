//! The row of a group that is best by some order: `min_by`, `max_by`, and extremes of types the engine cannot compare.

use arrow::array::{Array, ArrayRef, UInt32Array, new_empty_array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use super::_aggregate::{Groups, own};
use super::_distinct::normal;
use crate::{Call, Typed};

/// The value beside the least (or greatest) ordering value. Rows without an ordering value do not count; of equal ones
/// the last wins, as in Spark 4.1.
pub(crate) fn best(call: &Call<'_>, value: Typed, ordering: Typed, greatest: bool) -> Typed {
    let types = (value.data_type.clone(), ordering.data_type.clone());
    let key = format!("{} {} {greatest}", types.0, types.1);
    let written = value.written.clone();
    let state = vec![types.0.clone(), types.1.clone()];
    let returns = (types.0.clone(), true);
    own(call, key, vec![value, ordering], returns, state, move || Best::new(types.clone(), greatest))
        .with_written(written)
}

/// Spark 4.1 `DATATYPE_MISMATCH.INVALID_ORDERING_TYPE` for what cannot be ordered.
pub(crate) fn orderable(call: &Call<'_>, data_type: &DataType) -> Result<()> {
    if can_order(data_type) {
        return Ok(());
    }
    Err(Error::analysis("DATATYPE_MISMATCH.INVALID_ORDERING_TYPE")
        .with("sqlExpr", format!("\"{}\"", (call.text)(None)))
        .with("functionName", format!("`{}`", call.name))
        .with("dataType", format!("\"{}\"", floe_syntax::DataType::from_arrow(data_type).sql()))
        .at(call.origin))
}

fn can_order(data_type: &DataType) -> bool {
    match data_type {
        DataType::Map(..) | DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano) => false,
        DataType::List(element) => can_order(element.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| can_order(field.data_type())),
        _ => true,
    }
}

pub(super) struct Best {
    types: (DataType, DataType),
    greatest: bool,
    rows: RowConverter,
    /// By group: the ordering value as comparable bytes, the value.
    best: Vec<Option<(OwnedRow, ScalarValue)>>,
    /// What the rows and values hold, as far as it has been seen.
    bytes: usize,
}

impl Best {
    /// Over values and ordering values of these types.
    pub(super) fn new(types: (DataType, DataType), greatest: bool) -> Result<Self> {
        let rows = RowConverter::new(vec![SortField::new(types.1.clone())])?;
        Ok(Self { types, greatest, rows, best: Vec::new(), bytes: 0 })
    }
}

impl Groups for Best {
    fn grow(&mut self, groups: usize) {
        self.best.resize(groups.max(self.best.len()), None);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let ordering = normal(&values[1]);
        let nulls = ordering.logical_nulls();
        let rows = self.rows.convert_columns(&[ordering])?;
        for (index, (row, group)) in rows.iter().zip(groups).enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(index)) {
                continue;
            }
            let best = &mut self.best[*group];
            let stays = best.as_ref().is_some_and(|(held, _)| match self.greatest {
                true => held.row() > row,
                false => held.row() < row,
            });
            if !stays {
                let value = ScalarValue::try_from_array(&values[0], index)?;
                self.bytes += held_bytes(row.as_ref(), &value);
                if let Some((row, value)) = best.replace((row.owned(), value)) {
                    self.bytes = self.bytes.saturating_sub(held_bytes(row.row().as_ref(), &value));
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.update(states, groups)
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        let best = &self.best[..groups];
        let held = self.rows.convert_rows(best.iter().flatten().map(|(row, _)| row.row()))?;
        let mut count = 0;
        let place = |best: &Option<(OwnedRow, ScalarValue)>| {
            best.as_ref().map(|_| {
                count += 1;
                count - 1
            })
        };
        let places: UInt32Array = best.iter().map(place).collect();
        Ok(vec![self.results(groups)?, take(&held[0], &places, None)?])
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let none = ScalarValue::try_from(&self.types.0)?;
        let value =
            |best: &Option<(OwnedRow, ScalarValue)>| best.as_ref().map_or(none.clone(), |(_, value)| value.clone());
        array_of(self.best[..groups].iter().map(value).collect(), &self.types.0)
    }

    fn forget(&mut self, groups: usize) {
        self.best.drain(..groups);
        if self.best.is_empty() {
            self.bytes = 0;
        }
    }

    fn size(&self) -> usize {
        self.best.capacity() * size_of::<Option<(OwnedRow, ScalarValue)>>() + self.bytes
    }
}

fn held_bytes(row: &[u8], value: &ScalarValue) -> usize {
    row.len() + value.size() - size_of::<ScalarValue>()
}

pub(crate) fn array_of(values: Vec<ScalarValue>, data_type: &DataType) -> Result<ArrayRef> {
    if values.is_empty() {
        return Ok(new_empty_array(data_type));
    }
    Ok(ScalarValue::iter_to_array(values)?)
}
