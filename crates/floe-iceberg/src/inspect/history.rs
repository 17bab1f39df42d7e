//! What the table's metadata says by itself: snapshots, what was current when, refs, metadata files.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int32Array, Int64Array, MapBuilder, MapFieldNames, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use floe_base::Result;
use iceberg::spec::{SnapshotRetention, TableMetadata};

use crate::arrow_schema::UTC;
use crate::table::Table;

pub(super) fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
}

/// Iceberg keeps milliseconds, Spark shows microseconds.
pub(super) fn timestamps(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    let micros = values.into_iter().map(|value| value.map(|millis| millis.saturating_mul(1000)));
    Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone(UTC))
}

pub(super) fn snapshots(metadata: &TableMetadata) -> Result<RecordBatch> {
    let mut all: Vec<_> = metadata.snapshots().collect();
    all.sort_by_key(|snapshot| (snapshot.sequence_number(), snapshot.timestamp_ms()));
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let mut summaries = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
        .with_values_field(Field::new("value", DataType::Utf8, false));
    for snapshot in &all {
        let mut entries: Vec<_> = snapshot.summary().additional_properties.iter().collect();
        entries.sort();
        for (key, value) in entries {
            summaries.keys().append_value(key);
            summaries.values().append_value(value);
        }
        summaries.append(true)?;
    }
    let summaries = summaries.finish();
    let schema = Schema::new(vec![
        Field::new("committed_at", timestamp_type(), false),
        Field::new("snapshot_id", DataType::Int64, false),
        Field::new("parent_id", DataType::Int64, true),
        Field::new("operation", DataType::Utf8, true),
        Field::new("manifest_list", DataType::Utf8, true),
        Field::new("summary", arrow::array::Array::data_type(&summaries).clone(), true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        timestamps(all.iter().map(|snapshot| Some(snapshot.timestamp_ms()))),
        Arc::new(Int64Array::from_iter_values(all.iter().map(|snapshot| snapshot.snapshot_id()))),
        Arc::new(all.iter().map(|snapshot| snapshot.parent_snapshot_id()).collect::<Int64Array>()),
        Arc::new(StringArray::from_iter_values(all.iter().map(|snapshot| snapshot.summary().operation.as_str()))),
        Arc::new(StringArray::from_iter_values(all.iter().map(|snapshot| snapshot.manifest_list()))),
        Arc::new(summaries),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

pub(super) fn history(metadata: &TableMetadata) -> Result<RecordBatch> {
    let ancestors = ancestors(metadata);
    let log = metadata.history();
    let parent = |id: i64| metadata.snapshot_by_id(id).and_then(|snapshot| snapshot.parent_snapshot_id());
    let schema = Schema::new(vec![
        Field::new("made_current_at", timestamp_type(), false),
        Field::new("snapshot_id", DataType::Int64, false),
        Field::new("parent_id", DataType::Int64, true),
        Field::new("is_current_ancestor", DataType::Boolean, false),
    ]);
    let columns: Vec<ArrayRef> = vec![
        timestamps(log.iter().map(|entry| Some(entry.timestamp_ms()))),
        Arc::new(Int64Array::from_iter_values(log.iter().map(|entry| entry.snapshot_id))),
        Arc::new(log.iter().map(|entry| parent(entry.snapshot_id)).collect::<Int64Array>()),
        Arc::new(log.iter().map(|entry| Some(ancestors.contains(&entry.snapshot_id))).collect::<BooleanArray>()),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

fn ancestors(metadata: &TableMetadata) -> HashSet<i64> {
    let mut found = HashSet::new();
    let mut next = metadata.current_snapshot();
    while let Some(snapshot) = next {
        // Metadata that names a snapshot its own ancestor would turn forever.
        if !found.insert(snapshot.snapshot_id()) {
            break;
        }
        next = snapshot.parent_snapshot_id().and_then(|id| metadata.snapshot_by_id(id));
    }
    found
}

pub(super) fn refs(table: &Table) -> Result<RecordBatch> {
    let mut all: Vec<_> = table.refs().into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let mut kinds = Vec::new();
    let mut ages = Vec::new();
    let mut keeps = Vec::new();
    let mut snapshot_ages = Vec::new();
    for (_, reference) in &all {
        let (kind, age, keep, snapshot_age) = match &reference.retention {
            SnapshotRetention::Branch { min_snapshots_to_keep, max_snapshot_age_ms, max_ref_age_ms } => {
                ("BRANCH", *max_ref_age_ms, *min_snapshots_to_keep, *max_snapshot_age_ms)
            }
            SnapshotRetention::Tag { max_ref_age_ms } => ("TAG", *max_ref_age_ms, None, None),
        };
        kinds.push(kind);
        ages.push(age);
        keeps.push(keep);
        snapshot_ages.push(snapshot_age);
    }
    let schema = Schema::new(vec![
        Field::new("name", DataType::Utf8, false),
        Field::new("type", DataType::Utf8, false),
        Field::new("snapshot_id", DataType::Int64, false),
        Field::new("max_reference_age_in_ms", DataType::Int64, true),
        Field::new("min_snapshots_to_keep", DataType::Int32, true),
        Field::new("max_snapshot_age_in_ms", DataType::Int64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(all.iter().map(|(name, _)| name))),
        Arc::new(StringArray::from_iter_values(kinds)),
        Arc::new(Int64Array::from_iter_values(all.iter().map(|(_, reference)| reference.snapshot_id))),
        Arc::new(Int64Array::from(ages)),
        Arc::new(Int32Array::from(keeps)),
        Arc::new(Int64Array::from(snapshot_ages)),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

/// Every metadata file, and what was current when it was written.
pub(super) fn metadata_log(table: &Table) -> Result<RecordBatch> {
    let metadata = &table.metadata;
    let mut log: Vec<(i64, String)> =
        metadata.metadata_log().iter().map(|entry| (entry.timestamp_ms, entry.metadata_file.clone())).collect();
    let current = table.metadata_location.clone().unwrap_or_default();
    log.push((metadata.last_updated_ms(), current));
    let latest: Vec<_> = log
        .iter()
        .map(|(at, _)| {
            let entry = metadata.history().iter().rev().find(|entry| entry.timestamp_ms() <= *at)?;
            metadata.snapshot_by_id(entry.snapshot_id)
        })
        .collect();
    let schema = Schema::new(vec![
        Field::new("timestamp", timestamp_type(), false),
        Field::new("file", DataType::Utf8, false),
        Field::new("latest_snapshot_id", DataType::Int64, true),
        Field::new("latest_schema_id", DataType::Int32, true),
        Field::new("latest_sequence_number", DataType::Int64, true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        timestamps(log.iter().map(|(at, _)| Some(*at))),
        Arc::new(StringArray::from_iter_values(log.iter().map(|(_, file)| file))),
        Arc::new(latest.iter().map(|found| found.map(|snapshot| snapshot.snapshot_id())).collect::<Int64Array>()),
        Arc::new(latest.iter().map(|found| found.and_then(|snapshot| snapshot.schema_id())).collect::<Int32Array>()),
        Arc::new(latest.iter().map(|found| found.map(|snapshot| snapshot.sequence_number())).collect::<Int64Array>()),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}
