//! Reading a kernel's arguments row by row, and building its result.
//!
//! For kernels whose work per row outweighs the loop (text, regular expressions, hashes). A constant argument is never
//! expanded, and where every argument is constant one row is computed and the result is a constant too.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayAccessor, ArrayRef, ArrowPrimitiveType, BinaryArray, BinaryBuilder, BooleanArray, BooleanBuilder,
    Int32Array, Int64Array, ListArray, MapArray, PrimitiveBuilder, StringArray, StringBuilder,
};
use datafusion::logical_expr::ColumnarValue;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Result};

use crate::Arguments;

/// What the offsets of a column's values can count.
const BATCH_BYTES_MAX: usize = i32::MAX as usize;

/// One argument, of a known array type.
pub(crate) struct Column<A> {
    pub(crate) array: A,
    pub(crate) constant: bool,
}

pub(crate) type Texts = Column<StringArray>;
pub(crate) type Binaries = Column<BinaryArray>;
pub(crate) type Booleans = Column<BooleanArray>;
pub(crate) type Ints = Column<Int32Array>;
pub(crate) type Longs = Column<Int64Array>;
pub(crate) type Lists = Column<ListArray>;
pub(crate) type Maps = Column<MapArray>;

impl<A: Array + Clone + 'static> Column<A> {
    pub(crate) fn of(arguments: &Arguments<'_>, index: usize) -> Result<Self> {
        let Column { array, constant } = any(arguments, index)?;
        let found = array.data_type().clone();
        let array = array.as_any().downcast_ref::<A>().cloned();
        let array = array.ok_or_else(|| Error::internal(format!("a kernel met an argument of type {found}")))?;
        Ok(Self { array, constant })
    }

    /// The value of a row; `None` for NULL.
    pub(crate) fn at<'a>(&'a self, row: usize) -> Option<<&'a A as ArrayAccessor>::Item>
    where
        &'a A: ArrayAccessor,
    {
        let row = self.place(row);
        self.array.is_valid(row).then(|| (&self.array).value(row))
    }
}

impl<A> Column<A> {
    /// Where a row's value stands in the array.
    pub(crate) fn place(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }
}

impl Lists {
    /// Where a row's elements stand among the values; `None` for NULL.
    pub(crate) fn range(&self, row: usize) -> Option<Range<usize>> {
        let row = self.place(row);
        self.array.is_valid(row).then(|| span(self.array.value_offsets(), row))
    }
}

impl Maps {
    /// Where a row's entries stand among the keys and values; `None` for NULL.
    pub(crate) fn range(&self, row: usize) -> Option<Range<usize>> {
        let row = self.place(row);
        self.array.is_valid(row).then(|| span(self.array.value_offsets(), row))
    }
}

/// The range of a row between its two offsets, which Arrow keeps from falling below nought.
pub(crate) fn span(offsets: &[i32], row: usize) -> Range<usize> {
    let at = |index: usize| offsets.get(index).and_then(|offset| usize::try_from(*offset).ok()).unwrap_or(0);
    at(row)..at(row + 1)
}

/// An argument of any type.
pub(crate) fn any(arguments: &Arguments<'_>, index: usize) -> Result<Column<ArrayRef>> {
    match arguments.values.get(index) {
        Some(ColumnarValue::Scalar(value)) => Ok(Column { array: value.to_array()?, constant: true }),
        Some(ColumnarValue::Array(array)) => Ok(Column { array: array.clone(), constant: false }),
        None => Err(Error::internal("a kernel misses an argument")),
    }
}

/// How many rows a kernel computes: one, where every argument is constant.
pub(crate) fn count(arguments: &Arguments<'_>) -> usize {
    if arguments.all_scalar() { 1 } else { arguments.rows }
}

/// The rows a kernel computes, one after the other, until its work is interrupted.
pub(crate) fn each(arguments: &Arguments<'_>) -> impl Iterator<Item = Result<usize>> {
    (0..count(arguments)).map(|row| arguments.interrupt.check().map(|()| row))
}

/// The computed rows as the kernel's result.
pub(crate) fn finish(arguments: &Arguments<'_>, array: ArrayRef) -> Result<ColumnarValue> {
    if arguments.all_scalar() {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
    }
    Ok(ColumnarValue::Array(array))
}

/// Text, written row by row; false is NULL.
pub(crate) fn texts(
    arguments: &Arguments<'_>,
    mut write: impl FnMut(usize, &mut String) -> Result<bool>,
) -> Result<ColumnarValue> {
    let rows = count(arguments);
    let mut builder = StringBuilder::with_capacity(rows, 0);
    let mut scratch = String::new();
    for row in each(arguments) {
        scratch.clear();
        match write(row?, &mut scratch)? {
            true => builder.append_value(fitting(&scratch, builder.values_slice())?),
            false => builder.append_null(),
        }
    }
    finish(arguments, Arc::new(builder.finish()))
}

/// Bytes, written row by row; false is NULL.
pub(crate) fn binaries(
    arguments: &Arguments<'_>,
    mut write: impl FnMut(usize, &mut Vec<u8>) -> Result<bool>,
) -> Result<ColumnarValue> {
    let rows = count(arguments);
    let mut builder = BinaryBuilder::with_capacity(rows, 0);
    let mut scratch = Vec::new();
    for row in each(arguments) {
        scratch.clear();
        match write(row?, &mut scratch)? {
            true => builder.append_value(fitting(&scratch, builder.values_slice())?),
            false => builder.append_null(),
        }
    }
    finish(arguments, Arc::new(builder.finish()))
}

/// A value, if the batch has room for it beside those it holds.
fn fitting<'a, T: AsRef<[u8]> + ?Sized>(value: &'a T, held: &[u8]) -> Result<&'a T> {
    if value.as_ref().len().saturating_add(held.len()) > BATCH_BYTES_MAX {
        return Err(Error::batch_too_large());
    }
    Ok(value)
}

/// Numbers, dates and times.
pub(crate) fn numbers<T: ArrowPrimitiveType>(
    arguments: &Arguments<'_>,
    mut value: impl FnMut(usize) -> Result<Option<T::Native>>,
) -> Result<ColumnarValue> {
    let rows = count(arguments);
    let mut builder = PrimitiveBuilder::<T>::with_capacity(rows);
    for row in each(arguments) {
        builder.append_option(value(row?)?);
    }
    finish(arguments, Arc::new(builder.finish()))
}

pub(crate) fn booleans(
    arguments: &Arguments<'_>,
    mut value: impl FnMut(usize) -> Result<Option<bool>>,
) -> Result<ColumnarValue> {
    let rows = count(arguments);
    let mut builder = BooleanBuilder::with_capacity(rows);
    for row in each(arguments) {
        builder.append_option(value(row?)?);
    }
    finish(arguments, Arc::new(builder.finish()))
}
