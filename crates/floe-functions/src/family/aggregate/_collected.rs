//! Aggregates that need all values of a group at once (`collect_list`, `percentile`, `listagg`): the rows are kept in the
//! batches they came in, and gathered group by group when the result is asked for.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{filter, interleave, take};
use arrow::datatypes::{DataType, Field};
use datafusion::scalar::ScalarValue;
use floe_base::Result;

use super::_aggregate::{Groups, list_of};
use super::_distinct::flattened;

/// What a group's columns come to. Rows whose first argument is NULL are not among them.
pub(crate) type Finish = dyn Fn(&[ArrayRef]) -> Result<ScalarValue> + Send + Sync;

pub(crate) struct Collected {
    types: Vec<DataType>,
    /// By argument: its batches.
    batches: Vec<Vec<ArrayRef>>,
    /// Group, batch, row.
    rows: Vec<(u32, u32, u32)>,
    groups: usize,
    finish: End,
}

/// How groups end.
#[derive(Clone)]
pub(crate) enum End {
    /// The first argument's values as a list.
    List,
    /// A function of the group's columns, with the type of its result.
    With(DataType, Arc<Finish>),
}

impl Collected {
    pub(crate) fn new(types: Vec<DataType>, finish: End) -> Self {
        Self { batches: vec![Vec::new(); types.len()], types, rows: Vec::new(), groups: 0, finish }
    }

    /// The types of its states.
    pub(crate) fn state(types: &[DataType]) -> Vec<DataType> {
        types.iter().map(|element| list_of(element, true)).collect()
    }

    /// The rows of the first groups in the order of the groups, and how many each has.
    fn gathered(&self, groups: usize) -> Result<(Vec<ArrayRef>, Vec<usize>)> {
        let mut lengths = vec![0; groups];
        for (group, ..) in &self.rows {
            if let Some(length) = lengths.get_mut(*group as usize) {
                *length += 1;
            }
        }
        let mut next: Vec<usize> = lengths
            .iter()
            .scan(0, |start, length| {
                *start += length;
                Some(*start - length)
            })
            .collect();
        let mut places = vec![(0, 0); lengths.iter().sum()];
        for (group, batch, row) in &self.rows {
            let Some(at) = next.get_mut(*group as usize) else { continue };
            places[*at] = (*batch as usize, *row as usize);
            *at += 1;
        }
        let column = |(batches, data_type): (&Vec<ArrayRef>, &DataType)| {
            let batches: Vec<&dyn Array> = batches.iter().map(AsRef::as_ref).collect();
            if batches.is_empty() { Ok(new_empty_array(data_type)) } else { interleave(&batches, &places) }
        };
        let columns = self.batches.iter().zip(&self.types).map(column).collect::<Result<_, _>>()?;
        Ok((columns, lengths))
    }
}

impl Groups for Collected {
    fn grow(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let Some(first) = values.first().filter(|first| !first.is_empty()) else { return Ok(()) };
        let batch = self.batches[0].len() as u32;
        match first.logical_nulls() {
            Some(nulls) if nulls.null_count() > 0 => {
                let mask = BooleanArray::new(nulls.inner().clone(), None);
                for (batches, array) in self.batches.iter_mut().zip(values) {
                    batches.push(filter(array, &mask)?);
                }
                let kept = groups.iter().zip(nulls.iter()).filter(|(_, is_valid)| *is_valid).map(|(group, _)| *group);
                self.rows.extend(kept.enumerate().map(|(row, group)| (group as u32, batch, row as u32)));
            }
            _ => {
                for (batches, array) in self.batches.iter_mut().zip(values) {
                    batches.push(array.clone());
                }
                self.rows.extend(groups.iter().enumerate().map(|(row, group)| (*group as u32, batch, row as u32)));
            }
        }
        Ok(())
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
        let (columns, lengths) = self.gathered(groups)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        let list = |column: ArrayRef| {
            let field = Arc::new(Field::new("element", column.data_type().clone(), true));
            Ok(Arc::new(ListArray::try_new(field, offsets.clone(), column, None)?) as ArrayRef)
        };
        columns.into_iter().map(list).collect()
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let (columns, lengths) = self.gathered(groups)?;
        let (data_type, finish) = match &self.finish {
            End::With(data_type, finish) => (data_type, finish),
            End::List => {
                let field = Arc::new(Field::new("element", self.types[0].clone(), false));
                let offsets = OffsetBuffer::from_lengths(lengths);
                return Ok(Arc::new(ListArray::try_new(field, offsets, columns[0].clone(), None)?));
            }
        };
        let mut start = 0;
        let mut results = Vec::with_capacity(groups);
        for length in lengths {
            let of_group: Vec<ArrayRef> = columns.iter().map(|column| column.slice(start, length)).collect();
            results.push(finish(&of_group)?);
            start += length;
        }
        if results.is_empty() {
            return Ok(new_empty_array(data_type));
        }
        Ok(ScalarValue::iter_to_array(results)?)
    }

    fn forget(&mut self, groups: usize) {
        let gone = groups as u32;
        self.rows.retain(|(group, ..)| *group >= gone);
        self.rows.iter_mut().for_each(|(group, ..)| *group -= gone);
        self.groups -= groups;
        if self.rows.is_empty() {
            self.batches.iter_mut().for_each(Vec::clear);
        }
    }

    fn size(&self) -> usize {
        let batches = self.batches.iter().flatten().map(|array| array.get_array_memory_size()).sum::<usize>();
        batches + self.rows.capacity() * size_of::<(u32, u32, u32)>()
    }
}

/// The rows of these columns in the order of some of them: `(column, descending, nulls first)`.
pub(crate) fn sorted(columns: &[ArrayRef], keys: &[(usize, bool, bool)]) -> Result<Vec<ArrayRef>> {
    use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices};
    if keys.is_empty() {
        return Ok(columns.to_vec());
    }
    let key = |(column, descending, nulls_first): &(usize, bool, bool)| SortColumn {
        values: columns[*column].clone(),
        options: Some(SortOptions { descending: *descending, nulls_first: *nulls_first }),
    };
    let order: UInt32Array = lexsort_to_indices(&keys.iter().map(key).collect::<Vec<_>>(), None)?;
    Ok(columns.iter().map(|column| take(column, &order, None)).collect::<Result<_, _>>()?)
}
