//! One row's value of a group by its place: `first`, `last`, `any_value`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use floe_base::id::BackendId;
use floe_base::{Error, Kind, Result};

use super::_aggregate::{Groups, spelled};
use super::_best::array_of;
use super::_in_order::{Order, depending};
use crate::spelling::{Spelling, Spellings};
use crate::{Call, Typed};

/// A call `first(value [, ignore nulls])`, with IGNORE NULLS as written.
pub(crate) fn picked(call: &Call<'_>, last: bool) -> Result<Typed> {
    call.between(1, 2)?;
    let value = call.argument(0)?.clone();
    let ignore_nulls = ignores_nulls(call)? || call.ignore_nulls == Some(true);
    let data_type = value.data_type.clone();
    let (key, written) = (format!("{data_type} {last} {ignore_nulls}"), value.written.clone());
    let state = vec![data_type.clone(), DataType::Boolean];
    let spellings = spellings(last, ignore_nulls);
    let typed = spelled(call, key, vec![value], (data_type.clone(), true), state, spellings, move || {
        Ok(Picked { data_type: data_type.clone(), last, ignore_nulls, values: Vec::new(), bytes: 0 })
    });
    Ok(depending(typed.with_written(written), Order::Picks { last, ignore_nulls }))
}

/// DuckDB takes the rows of a group, or of a frame, in the order they come, as Spark does.
fn spellings(last: bool, ignore_nulls: bool) -> Spellings {
    let name = if last { "last" } else { "first" };
    let nulls = if ignore_nulls { " IGNORE NULLS" } else { "" };
    vec![(BackendId::DuckDb, Spelling::of(format!("{name}({{0}}{nulls}){{filter}}{{over}}")))]
}

fn ignores_nulls(call: &Call<'_>) -> Result<bool> {
    match call.arguments.get(1).map(Typed::literal) {
        None => Ok(false),
        Some(Some(ScalarValue::Boolean(Some(ignores)))) => Ok(*ignores),
        Some(_) => {
            // Spark 4.1 has no named condition for it.
            let text = format!("The second argument in {} should be a boolean literal.", call.name);
            Err(Error::message(Kind::Analysis, text).at(call.origin))
        }
    }
}

struct Picked {
    data_type: DataType,
    last: bool,
    ignore_nulls: bool,
    values: Vec<Option<ScalarValue>>,
    /// What the values hold beyond their own size, as far as it has been seen: counting anew with each batch costs too much.
    bytes: usize,
}

impl Picked {
    fn hold(&mut self, group: usize, value: ScalarValue) {
        let size = |value: &ScalarValue| value.size() - size_of::<ScalarValue>();
        self.bytes += size(&value);
        if let Some(before) = self.values[group].replace(value) {
            self.bytes = self.bytes.saturating_sub(size(&before));
        }
    }

    /// Takes the rows that count: for `first` unless the group has its value, for `last` the latest.
    fn take(&mut self, values: &ArrayRef, groups: &[usize], counts: impl Fn(usize) -> bool) -> Result<()> {
        if !self.last {
            for (row, group) in groups.iter().enumerate() {
                if self.values[*group].is_none() && counts(row) {
                    self.hold(*group, ScalarValue::try_from_array(values, row)?);
                }
            }
            return Ok(());
        }
        let latest: HashMap<usize, usize> =
            groups.iter().enumerate().filter(|(row, _)| counts(*row)).map(|(row, group)| (*group, row)).collect();
        for (group, row) in latest {
            self.hold(group, ScalarValue::try_from_array(values, row)?);
        }
        Ok(())
    }
}

impl Groups for Picked {
    fn grow(&mut self, groups: usize) {
        self.values.resize(groups.max(self.values.len()), None);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let nulls = values[0].logical_nulls().filter(|_| self.ignore_nulls);
        self.take(&values[0], groups, |row| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)))
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let seen = states[1].as_boolean();
        self.take(&states[0], groups, |row| seen.is_valid(row) && seen.value(row))
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        let seen: BooleanArray = self.values[..groups].iter().map(|value| Some(value.is_some())).collect();
        Ok(vec![self.results(groups)?, Arc::new(seen)])
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let none = ScalarValue::try_from(&self.data_type)?;
        let value = |value: &Option<ScalarValue>| value.clone().unwrap_or_else(|| none.clone());
        array_of(self.values[..groups].iter().map(value).collect(), &self.data_type)
    }

    fn forget(&mut self, groups: usize) {
        self.values.drain(..groups);
        if self.values.is_empty() {
            self.bytes = 0;
        }
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<Option<ScalarValue>>() + self.bytes
    }
}
