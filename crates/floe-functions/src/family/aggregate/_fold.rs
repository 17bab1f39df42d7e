//! Aggregates that fold values of a primitive type into one of the same type: bits, and extremes of floating point.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::DataType;
use floe_base::Result;
use floe_base::id::BackendId;

use super::_aggregate::{Groups, spelled};
use crate::spelling::Spelling;
use crate::{Call, Typed};

/// A call of a fold; its result is NULL over no values. DuckDB knows it by this name.
pub(crate) fn fold<T: ArrowPrimitiveType>(
    call: &Call<'_>,
    value: Typed,
    in_duckdb: &str,
    with: fn(T::Native, T::Native) -> T::Native,
) -> Typed {
    let data_type = value.data_type.clone();
    let returns = (data_type.clone(), true);
    let spelling = Spelling::of(format!("{in_duckdb}({{distinct}}{{0}}){{filter}}{{over}}"));
    let spellings = vec![(BackendId::DuckDb, spelling)];
    spelled(call, data_type.to_string(), vec![value], returns, vec![data_type.clone()], spellings, move || {
        Ok(Fold::<T> { values: Vec::new(), seen: Vec::new(), data_type: data_type.clone(), with })
    })
}

struct Fold<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    seen: Vec<bool>,
    data_type: DataType,
    with: fn(T::Native, T::Native) -> T::Native,
}

impl<T: ArrowPrimitiveType> Groups for Fold<T> {
    fn grow(&mut self, groups: usize) {
        self.values.resize(groups.max(self.values.len()), T::default_value());
        self.seen.resize(groups.max(self.seen.len()), false);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        for (value, group) in values[0].as_primitive::<T>().iter().zip(groups) {
            let Some(value) = value else { continue };
            self.values[*group] = if self.seen[*group] { (self.with)(self.values[*group], value) } else { value };
            self.seen[*group] = true;
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.update(states, groups)
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.results(groups)?])
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let value = |group: usize| self.seen[group].then_some(self.values[group]);
        let results: PrimitiveArray<T> = (0..groups).map(value).collect();
        Ok(Arc::new(results.with_data_type(self.data_type.clone())))
    }

    fn forget(&mut self, groups: usize) {
        self.values.drain(..groups);
        self.seen.drain(..groups);
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<T::Native>() + self.seen.capacity()
    }
}
