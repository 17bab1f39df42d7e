//! Running totals: what `sum` and `avg` share.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::DataType;
use floe_base::{Error, Kind, Origin, Result};

use super::_aggregate::Groups;

/// How two values are added; `None` is an overflow.
pub(crate) trait Addition<N>: Send + Sync + 'static {
    fn add(left: N, right: N) -> Option<N>;
}

pub(crate) struct Checked;
pub(crate) struct Wrapping;
pub(crate) struct Floating;

macro_rules! additions {
    ($($native:ty),*) => {$(
        impl Addition<$native> for Checked {
            #[inline]
            fn add(left: $native, right: $native) -> Option<$native> {
                left.checked_add(right)
            }
        }
        impl Addition<$native> for Wrapping {
            #[inline]
            fn add(left: $native, right: $native) -> Option<$native> {
                Some(left.wrapping_add(right))
            }
        }
    )*};
}
additions!(i32, i64, i128);

impl Addition<f64> for Floating {
    #[inline]
    fn add(left: f64, right: f64) -> Option<f64> {
        Some(left + right)
    }
}

/// What an overflow does.
#[derive(Clone)]
pub(crate) enum Overflow {
    Null,
    Raise(Error),
}

/// Totals by group, with the count of values: `sum` needs to know whether there were any, `avg` how many.
pub(crate) struct Totals<T: ArrowPrimitiveType, A> {
    pub(crate) totals: Vec<T::Native>,
    pub(crate) counts: Vec<i64>,
    /// Empty until the first overflow that does not raise.
    overflowed: Vec<bool>,
    data_type: DataType,
    overflow: Overflow,
    addition: std::marker::PhantomData<fn() -> A>,
}

/// What has become of a group's total.
pub(crate) enum Total<N> {
    Empty,
    Overflow,
    Of(N, i64),
}

impl<T: ArrowPrimitiveType, A: Addition<T::Native>> Totals<T, A> {
    pub(crate) fn new(data_type: DataType, overflow: Overflow) -> Self {
        let (totals, counts, overflowed) = Default::default();
        Self { totals, counts, overflowed, data_type, overflow, addition: std::marker::PhantomData }
    }

    /// The types of its states.
    pub(crate) fn state(data_type: &DataType) -> Vec<DataType> {
        vec![data_type.clone(), DataType::Int64, DataType::Boolean]
    }

    /// The first groups' totals, one by one.
    pub(crate) fn each(&self, groups: usize) -> impl Iterator<Item = Total<T::Native>> {
        let one = |group: usize| match self.counts[group] {
            _ if self.overflowed.get(group) == Some(&true) => Total::Overflow,
            0 => Total::Empty,
            count => Total::Of(self.totals[group], count),
        };
        (0..groups).map(one)
    }

    pub(crate) fn overflow(&self) -> Result<()> {
        match &self.overflow {
            Overflow::Null => Ok(()),
            Overflow::Raise(error) => Err(error.clone()),
        }
    }

    #[inline]
    fn add(&mut self, group: usize, value: T::Native, count: i64) -> Result<()> {
        match A::add(self.totals[group], value) {
            Some(total) => self.totals[group] = total,
            None => self.overflow_of(group)?,
        }
        self.counts[group] += count;
        Ok(())
    }

    #[cold]
    fn overflow_of(&mut self, group: usize) -> Result<()> {
        self.overflow()?;
        self.overflowed.resize(self.totals.len(), false);
        self.overflowed[group] = true;
        Ok(())
    }

    pub(crate) fn grow(&mut self, groups: usize) {
        self.totals.resize(groups.max(self.totals.len()), T::default_value());
        self.counts.resize(groups.max(self.counts.len()), 0);
    }

    pub(crate) fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let values = values[0].as_primitive::<T>();
        if values.null_count() == 0 {
            for (value, group) in values.values().iter().zip(groups) {
                self.add(*group, *value, 1)?;
            }
            return Ok(());
        }
        for (value, group) in values.iter().zip(groups) {
            if let Some(value) = value {
                self.add(*group, value, 1)?;
            }
        }
        Ok(())
    }

    pub(crate) fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let (totals, counts) = (states[0].as_primitive::<T>(), states[1].as_primitive::<arrow::datatypes::Int64Type>());
        let overflowed = states[2].as_boolean();
        for (row, group) in groups.iter().enumerate() {
            if overflowed.is_valid(row) && overflowed.value(row) {
                self.overflow_of(*group)?;
            }
            if counts.is_valid(row) && counts.value(row) > 0 {
                self.add(*group, totals.value(row), counts.value(row))?;
            }
        }
        Ok(())
    }

    pub(crate) fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        let totals = PrimitiveArray::<T>::from_iter_values(self.totals[..groups].iter().copied());
        let counts = arrow::array::Int64Array::from_iter_values(self.counts[..groups].iter().copied());
        let overflowed: BooleanArray =
            (0..groups).map(|group| Some(self.overflowed.get(group) == Some(&true))).collect();
        Ok(vec![Arc::new(totals.with_data_type(self.data_type.clone())), Arc::new(counts), Arc::new(overflowed)])
    }

    pub(crate) fn forget(&mut self, groups: usize) {
        self.totals.drain(..groups);
        self.counts.drain(..groups);
        self.overflowed.drain(..groups.min(self.overflowed.len()));
    }

    pub(crate) fn size(&self) -> usize {
        self.totals.capacity() * size_of::<T::Native>()
            + self.counts.capacity() * size_of::<i64>()
            + self.overflowed.capacity()
    }
}

/// `sum` itself.
pub(crate) struct Sum<T: ArrowPrimitiveType, A> {
    totals: Totals<T, A>,
    fits: fn(&T::Native, &DataType) -> bool,
}

impl<T: ArrowPrimitiveType, A: Addition<T::Native>> Sum<T, A> {
    pub(crate) fn new(data_type: DataType, overflow: Overflow, fits: fn(&T::Native, &DataType) -> bool) -> Self {
        Self { totals: Totals::new(data_type, overflow), fits }
    }
}

impl<T: ArrowPrimitiveType, A: Addition<T::Native>> Groups for Sum<T, A> {
    fn grow(&mut self, groups: usize) {
        self.totals.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.totals.update(values, groups)
    }

    fn merge(&mut self, states: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.totals.merge(states, groups)
    }

    fn states(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        self.totals.states(groups)
    }

    fn results(&self, groups: usize) -> Result<ArrayRef> {
        let mut results = Vec::with_capacity(groups);
        for total in self.totals.each(groups) {
            results.push(match total {
                Total::Empty | Total::Overflow => None,
                Total::Of(total, _) if (self.fits)(&total, &self.totals.data_type) => Some(total),
                Total::Of(..) => {
                    self.totals.overflow()?;
                    None
                }
            });
        }
        let results: PrimitiveArray<T> = results.into_iter().collect();
        Ok(Arc::new(results.with_data_type(self.totals.data_type.clone())))
    }

    fn forget(&mut self, groups: usize) {
        self.totals.forget(groups);
    }

    fn size(&self) -> usize {
        self.totals.size()
    }
}

/// True where a decimal fits its precision.
pub(crate) fn decimal_fits(value: &i128, data_type: &DataType) -> bool {
    let DataType::Decimal128(precision, _) = data_type else { return true };
    value.unsigned_abs() < 10u128.pow(u32::from(*precision))
}

/// Spark 4.1 names `try_add` for a sum of longs, without a place (measured).
pub(crate) fn long_overflow() -> Error {
    overflow("long overflow", "try_add")
}

/// … and the function's own `try_` for decimals, with the place (measured).
pub(crate) fn decimal_overflow(instead: &str, origin: &Origin) -> Error {
    overflow("Overflow in sum of decimals", instead).at(origin)
}

pub(crate) fn interval_overflow() -> Error {
    Error::new(Kind::Arithmetic, "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION").with("functionName", "`try_add`")
}

fn overflow(message: &str, instead: &str) -> Error {
    Error::new(Kind::Arithmetic, "ARITHMETIC_OVERFLOW")
        .with("message", message)
        .with("alternative", format!(" Use '{instead}' to tolerate overflow and return NULL instead."))
        .with("config", "\"spark.sql.ansi.enabled\"")
}
