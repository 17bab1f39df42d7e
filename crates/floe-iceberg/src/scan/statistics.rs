//! What the optimiser may know without reading.
//!
//! Exact means exact here: DataFusion answers `COUNT(*)` from an exact row count, MIN and MAX from exact bounds, and puts a
//! literal in place of a column whose exact bounds are equal. Shortened texts, floats (NaN), columns that were another
//! type in the file, and anything about a file with deletes are estimates.

use std::sync::Arc;

use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use floe_base::Result;
use iceberg::spec::{Datum, NestedField, PrimitiveType, Type};

use super::adapt::FieldMap;
use crate::plan::FileTask;
use crate::plan::prune::trusted;
use crate::value::scalar;

/// So many times what they take on disk texts are expected to take in memory: manifests know compressed sizes alone.
const TEXTS_UNPACKED: usize = 5;

/// Statistics of one file, columns as in the map.
pub(super) fn of_file(task: &FileTask, map: &FieldMap) -> Result<Statistics> {
    let file = &task.entry.file;
    let exact = !task.has_deletes();
    let rows = usize::try_from(file.record_count()).unwrap_or(usize::MAX);
    let columns = map.columns.iter().map(|(_, field)| column(task, field, exact)).collect();
    Ok(Statistics {
        num_rows: precision(rows, exact),
        total_byte_size: Precision::Inexact(usize::try_from(file.file_size_in_bytes()).unwrap_or(usize::MAX)),
        column_statistics: columns,
    })
}

fn column(task: &FileTask, field: &NestedField, exact: bool) -> ColumnStatistics {
    let Type::Primitive(of) = field.field_type.as_ref() else { return ColumnStatistics::new_unknown() };
    let file = &task.entry.file;
    let nulls = file.null_value_counts().get(&field.id).map(|count| usize::try_from(*count).unwrap_or(usize::MAX));
    let packed = file.column_sizes().get(&field.id).map(|size| usize::try_from(*size).unwrap_or(usize::MAX));
    let times = if matches!(of, PrimitiveType::String | PrimitiveType::Binary) { TEXTS_UNPACKED } else { 1 };
    let bytes = packed.map(|packed| packed.saturating_mul(times));
    let bound = |bound: Option<&Datum>| match bound.filter(|_| trusted(&task.entry, field.id, of)) {
        Some(bound) => match scalar(bound.literal(), of) {
            Ok(value) => precision(value, exact && tight(of, bound)),
            Err(_) => Precision::Absent,
        },
        None => Precision::Absent,
    };
    ColumnStatistics {
        null_count: nulls.map_or(Precision::Absent, |count| precision(count, exact)),
        min_value: bound(file.lower_bounds().get(&field.id)),
        max_value: bound(file.upper_bounds().get(&field.id)),
        sum_value: Precision::Absent,
        distinct_count: Precision::Absent,
        byte_size: bytes.map_or(Precision::Absent, Precision::Inexact),
    }
}

/// True where a bound is the value itself and not merely beyond it.
fn tight(of: &PrimitiveType, bound: &Datum) -> bool {
    let kept_whole = !matches!(
        of,
        PrimitiveType::String
            | PrimitiveType::Binary
            | PrimitiveType::Fixed(_)
            | PrimitiveType::Uuid
            | PrimitiveType::Float
            | PrimitiveType::Double
    );
    kept_whole && bound.data_type() == of
}

fn precision<T: std::fmt::Debug + Clone + PartialEq + Eq + PartialOrd>(value: T, exact: bool) -> Precision<T> {
    if exact { Precision::Exact(value) } else { Precision::Inexact(value) }
}

/// Statistics of many files together, for that many columns.
pub(super) fn of_scan(files: &[PartitionedFile], width: usize) -> Statistics {
    let mut parts = files.iter().filter_map(|file| file.statistics.as_ref());
    let Some(first) = parts.next() else { return unknown(width) };
    let mut total = first.as_ref().clone();
    total.column_statistics.resize(width, ColumnStatistics::new_unknown());
    for part in parts {
        total = merge(total, part);
    }
    total
}

fn unknown(width: usize) -> Statistics {
    Statistics {
        num_rows: Precision::Absent,
        total_byte_size: Precision::Absent,
        column_statistics: vec![ColumnStatistics::new_unknown(); width],
    }
}

fn merge(mut total: Statistics, part: &Arc<Statistics>) -> Statistics {
    total.num_rows = total.num_rows.add(&part.num_rows);
    total.total_byte_size = total.total_byte_size.add(&part.total_byte_size);
    for (column, other) in total.column_statistics.iter_mut().zip(&part.column_statistics) {
        column.null_count = column.null_count.add(&other.null_count);
        column.min_value = least(&column.min_value, &other.min_value);
        column.max_value = greatest(&column.max_value, &other.max_value);
        column.byte_size = column.byte_size.add(&other.byte_size);
    }
    total
}

/// A file whose rows are all null has no bound; the others' is then no more than a guess for all.
fn least(a: &Precision<ScalarValue>, b: &Precision<ScalarValue>) -> Precision<ScalarValue> {
    match (a, b) {
        (Precision::Absent, _) | (_, Precision::Absent) => Precision::Absent,
        (a, b) => a.min(b),
    }
}

fn greatest(a: &Precision<ScalarValue>, b: &Precision<ScalarValue>) -> Precision<ScalarValue> {
    match (a, b) {
        (Precision::Absent, _) | (_, Precision::Absent) => Precision::Absent,
        (a, b) => a.max(b),
    }
}
