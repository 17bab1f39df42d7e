//! What a row, or a group, is expected to take in memory, before there is one.
//!
//! Not here: whose rows they are and how many (`joins.rs`, `in_parts.rs`, `crowded.rs`).

use arrow::datatypes::Schema;

/// Bytes of a column whose width nobody knows: a text, or something nested.
const COLUMN_BYTES: usize = 24;
/// Bytes of a group's place in the table of hashes.
pub(super) const PLACE_BYTES: usize = 32;

pub(super) fn row_bytes(schema: &Schema) -> usize {
    schema.fields().iter().map(|field| field.data_type().primitive_width().unwrap_or(COLUMN_BYTES)).sum()
}

/// Of a group of an aggregate with these columns.
pub(super) fn group_bytes(schema: &Schema) -> usize {
    row_bytes(schema) + PLACE_BYTES
}
