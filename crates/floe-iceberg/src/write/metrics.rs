//! What a manifest says about a file's columns: sizes, counts, bounds.
//!
//! Taken from the Parquet footer once the file is closed, except NaN counts, which Parquet does not keep. Modes follow
//! `write.metadata.metrics.*` (Iceberg 1.10 `MetricsConfig`): `truncate(16)` unless set, for the first 100 columns.

use std::collections::HashMap;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, Float64Type};
use arrow_schema::{DataType, Field};
use floe_base::Result;
use iceberg::spec::{Datum, PrimitiveType, Schema, TableMetadata, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::statistics::Statistics;

use crate::arrow_schema::field_id;

/// Columns beyond these get counts of nothing, unless a property names them.
const INFERRED_COLUMNS_MAX: usize = 100;

/// How much a column's metrics say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    None,
    Counts,
    Truncate(usize),
    Full,
}

impl Mode {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "counts" => Some(Self::Counts),
            "full" => Some(Self::Full),
            other => other.strip_prefix("truncate(")?.strip_suffix(')')?.parse().ok().map(Self::Truncate),
        }
    }
}

/// Collects while a file is written.
#[derive(Default)]
pub(super) struct Metrics {
    nans: HashMap<i32, u64>,
}

#[derive(Default)]
pub(super) struct Found {
    pub(super) column_sizes: HashMap<i32, u64>,
    pub(super) value_counts: HashMap<i32, u64>,
    pub(super) null_counts: HashMap<i32, u64>,
    pub(super) nan_counts: HashMap<i32, u64>,
    pub(super) lower_bounds: HashMap<i32, Datum>,
    pub(super) upper_bounds: HashMap<i32, Datum>,
}

impl Metrics {
    /// NaNs of the columns and of fields in structs; without a count of zero readers cannot trust a float's bounds.
    pub(super) fn count_nans(&mut self, batch: &RecordBatch) {
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            self.count_nans_of(field, column);
        }
    }

    fn count_nans_of(&mut self, field: &Field, column: &ArrayRef) {
        let nans = match field.data_type() {
            DataType::Float32 => {
                column.as_primitive::<Float32Type>().iter().flatten().filter(|value| value.is_nan()).count()
            }
            DataType::Float64 => {
                column.as_primitive::<Float64Type>().iter().flatten().filter(|value| value.is_nan()).count()
            }
            DataType::Struct(fields) => {
                for (inner, values) in fields.iter().zip(column.as_struct().columns()) {
                    self.count_nans_of(inner, values);
                }
                return;
            }
            _ => return,
        };
        if let Some(id) = field_id(field) {
            *self.nans.entry(id).or_default() += nans as u64;
        }
    }

    pub(super) fn finish(self, footer: &ParquetMetaData, schema: &Schema, table: &TableMetadata) -> Result<Found> {
        let modes = modes(schema, table);
        let mut found = Found::default();
        for group in footer.row_groups() {
            for chunk in group.columns() {
                add_chunk(&mut found, chunk, schema, &modes);
            }
        }
        found.nan_counts = self.nans.into_iter().filter(|(id, _)| modes.get(id) != Some(&Mode::None)).collect();
        found.lower_bounds.retain(|id, bound| shorten_lower(bound, modes.get(id).copied()));
        found.upper_bounds.retain(|id, bound| shorten_upper(bound, modes.get(id).copied()));
        Ok(found)
    }
}

fn add_chunk(found: &mut Found, chunk: &ColumnChunkMetaData, schema: &Schema, modes: &HashMap<i32, Mode>) {
    let info = chunk.column_descr().self_type().get_basic_info().clone();
    if !info.has_id() {
        return;
    }
    let id = info.id();
    let mode = modes.get(&id).copied().unwrap_or(Mode::None);
    *found.column_sizes.entry(id).or_default() += u64::try_from(chunk.compressed_size()).unwrap_or_default();
    // What stands inside lists and maps says nothing about rows; Iceberg keeps its size alone.
    if mode == Mode::None || chunk.column_descr().max_rep_level() > 0 {
        return;
    }
    *found.value_counts.entry(id).or_default() += u64::try_from(chunk.num_values()).unwrap_or_default();
    let Some(statistics) = chunk.statistics() else { return };
    if let Some(nulls) = statistics.null_count_opt() {
        *found.null_counts.entry(id).or_default() += nulls;
    }
    let Some(Type::Primitive(of)) = schema.field_by_id(id).map(|field| field.field_type.as_ref()) else { return };
    if mode == Mode::Counts {
        return;
    }
    if let Some(lower) = statistics.min_bytes_opt().and_then(|bytes| datum(bytes, statistics, of)) {
        keep(&mut found.lower_bounds, id, lower, |new, old| new < old);
    }
    if let Some(upper) = statistics.max_bytes_opt().and_then(|bytes| datum(bytes, statistics, of)) {
        keep(&mut found.upper_bounds, id, upper, |new, old| new > old);
    }
}

fn keep(bounds: &mut HashMap<i32, Datum>, id: i32, new: Datum, better: impl Fn(&Datum, &Datum) -> bool) {
    if bounds.get(&id).is_none_or(|old| better(&new, old)) {
        bounds.insert(id, new);
    }
}

/// Parquet's statistic bytes as Iceberg's value: the same little-endian bytes, save for decimals, which Iceberg keeps
/// big-endian and Parquet in an integer where they fit.
fn datum(bytes: &[u8], statistics: &Statistics, of: &PrimitiveType) -> Option<Datum> {
    if let PrimitiveType::Decimal { .. } = of {
        let value: i128 = match statistics {
            Statistics::Int32(_) => i32::from_le_bytes(bytes.try_into().ok()?).into(),
            Statistics::Int64(_) => i64::from_le_bytes(bytes.try_into().ok()?).into(),
            _ => big_endian(bytes)?,
        };
        return Datum::try_from_bytes(&value.to_be_bytes(), of.clone()).ok();
    }
    let bound = Datum::try_from_bytes(bytes, of.clone()).ok()?;
    (!bound.is_nan()).then_some(bound)
}

fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    let mut wide = if first & 0x80 == 0 { [0u8; 16] } else { [0xff; 16] };
    let start = 16usize.checked_sub(bytes.len())?;
    wide.get_mut(start..)?.copy_from_slice(bytes);
    Some(i128::from_be_bytes(wide))
}

fn shorten_lower(bound: &mut Datum, mode: Option<Mode>) -> bool {
    let Some(Mode::Truncate(length)) = mode else { return true };
    match text_or_bytes(bound) {
        Some(Long::Text(text)) if text.chars().count() > length => {
            *bound = Datum::string(text.chars().take(length).collect::<String>());
        }
        Some(Long::Bytes(bytes)) if bytes.len() > length => {
            *bound = Datum::binary(bytes.into_iter().take(length));
        }
        _ => {}
    }
    true
}

/// A shortened upper bound is rounded up; where that cannot be done, there is no bound.
fn shorten_upper(bound: &mut Datum, mode: Option<Mode>) -> bool {
    let Some(Mode::Truncate(length)) = mode else { return true };
    let shorter = match text_or_bytes(bound) {
        Some(Long::Text(text)) if text.chars().count() > length => round_up_text(&text, length).map(Datum::string),
        Some(Long::Bytes(bytes)) if bytes.len() > length => round_up_bytes(&bytes, length).map(Datum::binary),
        _ => return true,
    };
    match shorter {
        Some(shorter) => {
            *bound = shorter;
            true
        }
        None => false,
    }
}

enum Long {
    Text(String),
    Bytes(Vec<u8>),
}

fn text_or_bytes(bound: &Datum) -> Option<Long> {
    use iceberg::spec::PrimitiveLiteral;
    match (bound.data_type(), bound.literal()) {
        (PrimitiveType::String, PrimitiveLiteral::String(text)) => Some(Long::Text(text.clone())),
        (PrimitiveType::Binary, PrimitiveLiteral::Binary(bytes)) => Some(Long::Bytes(bytes.clone())),
        _ => None,
    }
}

fn round_up_text(text: &str, length: usize) -> Option<String> {
    let mut kept: Vec<char> = text.chars().take(length).collect();
    while let Some(last) = kept.pop() {
        let next = match last as u32 + 1 {
            // The surrogates are no characters.
            0xd800 => Some('\u{e000}'),
            code => char::from_u32(code),
        };
        if let Some(next) = next {
            kept.push(next);
            return Some(kept.into_iter().collect());
        }
    }
    None
}

fn round_up_bytes(bytes: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut kept: Vec<u8> = bytes.iter().copied().take(length).collect();
    while let Some(last) = kept.pop() {
        if let Some(next) = last.checked_add(1) {
            kept.push(next);
            return Some(kept);
        }
    }
    None
}

fn modes(schema: &Schema, table: &TableMetadata) -> HashMap<i32, Mode> {
    let properties = table.properties();
    let set_default = properties.get("write.metadata.metrics.default").and_then(|text| Mode::parse(text));
    let inferred_max = properties
        .get("write.metadata.metrics.max-inferred-column-defaults")
        .and_then(|text| text.parse().ok())
        .unwrap_or(INFERRED_COLUMNS_MAX);
    let mut ids: Vec<i32> = schema.field_id_to_fields().keys().copied().collect();
    ids.sort_unstable();
    let mut modes = HashMap::with_capacity(ids.len());
    for (index, id) in ids.into_iter().enumerate() {
        let inferred = if index < inferred_max { Mode::Truncate(16) } else { Mode::None };
        let named = schema
            .name_by_field_id(id)
            .and_then(|name| Mode::parse(properties.get(&format!("write.metadata.metrics.column.{name}"))?));
        modes.insert(id, named.or(set_default).unwrap_or(inferred));
    }
    modes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_bounds_are_rounded_up() {
        assert_eq!(round_up_text("abcdef", 3).as_deref(), Some("abd"));
        assert_eq!(round_up_text("a\u{10ffff}x", 2).as_deref(), Some("b"));
        assert_eq!(round_up_text("\u{10ffff}\u{10ffff}x", 2), None);
        assert_eq!(round_up_bytes(&[1, 255, 7], 2), Some(vec![2]));
    }

    #[test]
    fn decimals_turn_around() {
        assert_eq!(big_endian(&[0xff, 0xfe]), Some(-2));
        assert_eq!(big_endian(&[0x01, 0x00]), Some(256));
    }
}
