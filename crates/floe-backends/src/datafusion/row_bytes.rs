//! What a row is expected to take in memory, before there is one.
//!
//! Not here: whose rows they are and how many (`joins.rs`, `in_parts.rs`).

use arrow::datatypes::Schema;

/// Bytes of a column whose width nobody knows: a text, or something nested.
const COLUMN_BYTES: usize = 24;

pub(super) fn row_bytes(schema: &Schema) -> usize {
    schema.fields().iter().map(|field| field.data_type().primitive_width().unwrap_or(COLUMN_BYTES)).sum()
}
