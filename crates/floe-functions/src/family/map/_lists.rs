//! Maps as lists of their entries.

use std::sync::Arc;

use arrow::array::{Array, ListArray};
use arrow::datatypes::{DataType, Field};
use floe_base::Result;

use crate::rows::{Lists, Maps};

/// The same entries as lists of structs of key and value.
pub(crate) fn as_lists(maps: &Maps) -> Result<Lists> {
    let entries = maps.array.entries().clone();
    let element = Arc::new(Field::new("element", DataType::Struct(entries.fields().clone()), false));
    let (offsets, nulls) = (maps.array.offsets().clone(), maps.array.nulls().cloned());
    Ok(Lists { array: ListArray::try_new(element, offsets, Arc::new(entries), nulls)?, constant: maps.constant })
}
