//! What OUTER does to a generator.

use std::sync::Arc;

use arrow::array::{AsArray, ListArray};
use arrow::buffer::NullBuffer;

use crate::rows;
use crate::{Kernel, Typed};

/// A generator's array with NULL in the place of empty arrays: the engine keeps a row for each NULL, and none for an
/// array without elements, where OUTER keeps both.
pub fn outer(value: Typed) -> Typed {
    let data_type = value.data_type.clone();
    let kernel = Kernel::new("outer", "", data_type, true, |arguments| {
        let lists = rows::any(arguments, 0)?;
        let (element, offsets, values, nulls) = lists.array.as_list::<i32>().clone().into_parts();
        let filled: NullBuffer = offsets.lengths().map(|length| length > 0).collect();
        let nulls = NullBuffer::union(nulls.as_ref(), Some(&filled));
        rows::finish(arguments, Arc::new(ListArray::try_new(element, offsets, values, nulls)?))
    });
    kernel.call(vec![value])
}
