//! DISTINCT around any aggregate of ours: each group remembers the rows it has seen and hands on new ones only.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type};
use arrow::row::{OwnedRow, RowConverter, SortField};
use floe_base::Result;
use indexmap::IndexSet;

use super::_aggregate::Groups;

pub(crate) struct Distinct {
    inner: Box<dyn Groups>,
    types: Vec<DataType>,
    rows: RowConverter,
    /// In the order they came, so that one partition gives one answer.
    seen: Vec<IndexSet<OwnedRow>>,
    bytes: usize,
}

impl Distinct {
    pub(crate) fn new(inner: Box<dyn Groups>, types: Vec<DataType>) -> Result<Self> {
        let rows = RowConverter::new(types.iter().cloned().map(SortField::new).collect())?;
        Ok(Self { inner, types, rows, seen: Vec::new(), bytes: 0 })
    }
}

impl Groups for Distinct {
    fn grow(&mut self, groups: usize) {
        self.seen.resize_with(groups.max(self.seen.len()), IndexSet::new);
        self.inner.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let values: Vec<ArrayRef> = values.iter().map(normal).collect();
        let rows = self.rows.convert_columns(&values)?;
        let mut fresh = Vec::new();
        for (index, (row, group)) in rows.iter().zip(groups).enumerate() {
            let row = row.owned();
            let bytes = row.row().as_ref().len() + 2 * size_of::<OwnedRow>();
            if self.seen[*group].insert(row) {
                self.bytes += bytes;
                fresh.push(index as u32);
            }
        }
        let fresh_groups: Vec<usize> = fresh.iter().map(|index| groups[*index as usize]).collect();
        let fresh = UInt32Array::from(fresh);
        let values: Vec<ArrayRef> = values.iter().map(|array| take(array, &fresh, None)).collect::<Result<_, _>>()?;
        self.inner.update(&values, &fresh_groups)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let Some(first) = states.first() else { return Ok(()) };
        let first = first.as_list::<i32>();
        let mut flat_groups = Vec::new();
        for (row, group) in groups.iter().enumerate() {
            flat_groups.extend(std::iter::repeat_n(*group, first.value_length(row).max(0) as usize));
        }
        let flat: Vec<ArrayRef> = states.iter().map(flattened).collect();
        self.update(&flat, &flat_groups)
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        let seen = || self.seen.iter().take(groups);
        let columns = self.rows.convert_rows(seen().flatten().map(|row| row.row()))?;
        let offsets = OffsetBuffer::from_lengths(seen().map(IndexSet::len));
        let list = |(values, element): (ArrayRef, &DataType)| {
            let field = Arc::new(Field::new("element", element.clone(), true));
            Ok(Arc::new(ListArray::try_new(field, offsets.clone(), values, None)?) as ArrayRef)
        };
        columns.into_iter().zip(&self.types).map(list).collect()
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        self.inner.results(groups)
    }

    fn forget(&mut self, groups: usize) {
        self.seen.drain(..groups);
        self.inner.forget(groups);
    }

    fn size(&self) -> usize {
        self.inner.size() + self.bytes + self.seen.len() * size_of::<IndexSet<OwnedRow>>()
    }
}

/// The values of a list, exactly those its rows span.
pub(crate) fn flattened(list: &ArrayRef) -> ArrayRef {
    let list = list.as_list::<i32>();
    let (start, end) = (list.value_offsets()[0] as usize, list.value_offsets()[list.len()] as usize);
    list.values().slice(start, end - start)
}

/// Spark compares -0.0 and 0.0, and all NaN, as equal: here they get equal bytes (`NormalizeFloatingNumbers`).
pub(crate) fn normal(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Float32 => {
            let one = |value: f32| if value.is_nan() { f32::NAN } else { value + 0.0 };
            Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(one))
        }
        DataType::Float64 => {
            let one = |value: f64| if value.is_nan() { f64::NAN } else { value + 0.0 };
            Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(one))
        }
        _ => array.clone(),
    }
}
