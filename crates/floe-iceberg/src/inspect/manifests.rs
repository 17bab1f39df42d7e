//! The manifests of a snapshot.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanBuilder, Int32Array, Int64Array, ListBuilder, RecordBatch, StringArray,
    StringBuilder, StructBuilder,
};
use arrow_schema::{DataType, Field, Fields, Schema};
use floe_base::Result;
use iceberg::spec::{Datum, FieldSummary, ManifestContentType, ManifestFile, Snapshot, Transform, Type};

use crate::manifest;
use crate::table::Table;

const ALL_NULLABLE: [&str; 7] = [
    "partition_spec_id",
    "added_snapshot_id",
    "added_data_files_count",
    "existing_data_files_count",
    "deleted_data_files_count",
    "partition_summaries",
    "key_metadata",
];

pub(super) async fn manifests(table: &Table, snapshot: Option<&Snapshot>) -> Result<RecordBatch> {
    let all: Vec<ManifestFile> = match snapshot {
        Some(snapshot) => manifest::list(&table.storage, &table.metadata, snapshot).await?.as_ref().clone(),
        None => Vec::new(),
    };
    rows(table, &all, None)
}

/// `all_manifests`: every snapshot's manifests, each with the snapshot that refers to it. Iceberg 1.11 declares other columns
/// nullable here than in `manifests`.
pub(super) async fn all_manifests(table: &Table) -> Result<RecordBatch> {
    let mut all = Vec::new();
    let mut referring = Vec::new();
    for snapshot in table.metadata.snapshots() {
        let list = manifest::list(&table.storage, &table.metadata, snapshot).await?;
        referring.extend(list.iter().map(|_| snapshot.snapshot_id()));
        all.extend(list.iter().cloned());
    }
    rows(table, &all, Some(referring))
}

fn rows(table: &Table, all: &[ManifestFile], referring: Option<Vec<i64>>) -> Result<RecordBatch> {
    let summaries = summaries(table, all, referring.is_none())?;
    let count = |data: bool, of: fn(&ManifestFile) -> Option<u32>| -> ArrayRef {
        let counts = all.iter().map(|file| match (file.content == ManifestContentType::Data) == data {
            true => i32::try_from(of(file).unwrap_or_default()).unwrap_or(i32::MAX),
            false => 0,
        });
        Arc::new(Int32Array::from_iter_values(counts))
    };
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("content", Arc::new(Int32Array::from_iter_values(all.iter().map(|file| file.content as i32)))),
        ("path", Arc::new(StringArray::from_iter_values(all.iter().map(|file| &file.manifest_path)))),
        ("length", Arc::new(Int64Array::from_iter_values(all.iter().map(|file| file.manifest_length)))),
        ("partition_spec_id", Arc::new(Int32Array::from_iter_values(all.iter().map(|file| file.partition_spec_id)))),
        ("added_snapshot_id", Arc::new(Int64Array::from_iter_values(all.iter().map(|file| file.added_snapshot_id)))),
        ("added_data_files_count", count(true, |file| file.added_files_count)),
        ("existing_data_files_count", count(true, |file| file.existing_files_count)),
        ("deleted_data_files_count", count(true, |file| file.deleted_files_count)),
        ("added_delete_files_count", count(false, |file| file.added_files_count)),
        ("existing_delete_files_count", count(false, |file| file.existing_files_count)),
        ("deleted_delete_files_count", count(false, |file| file.deleted_files_count)),
        ("partition_summaries", summaries),
    ];
    let nullable: &[&str] = match referring {
        None => &[],
        Some(ids) => {
            columns.push(("reference_snapshot_id", Arc::new(Int64Array::from(ids))));
            let keys = all.iter().map(|file| file.key_metadata.as_deref()).collect::<BinaryArray>();
            columns.push(("key_metadata", Arc::new(keys)));
            &ALL_NULLABLE
        }
    };
    let fields: Fields = columns
        .iter()
        .map(|(name, column)| Field::new(*name, column.data_type().clone(), nullable.contains(name)))
        .collect();
    let arrays = columns.into_iter().map(|(_, column)| column).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn summaries(table: &Table, all: &[ManifestFile], nan_nullable: bool) -> Result<ArrayRef> {
    let parts = Fields::from(vec![
        Field::new("contains_null", DataType::Boolean, false),
        Field::new("contains_nan", DataType::Boolean, nan_nullable),
        Field::new("lower_bound", DataType::Utf8, true),
        Field::new("upper_bound", DataType::Utf8, true),
    ]);
    let element = Field::new("element", DataType::Struct(parts.clone()), false);
    let mut builder = ListBuilder::new(StructBuilder::from_fields(parts, 0)).with_field(element);
    for manifest in all {
        let types = types(table, manifest.partition_spec_id);
        for (summary, of) in manifest.partitions.iter().flatten().zip(types) {
            let row = builder.values();
            let shown = |bytes: Option<&[u8]>| bytes.and_then(|bytes| shown(bytes, of.as_ref()?));
            let (lower, upper) = bounds(summary);
            if let Some(column) = row.field_builder::<BooleanBuilder>(0) {
                column.append_value(summary.contains_null);
            }
            if let Some(column) = row.field_builder::<BooleanBuilder>(1) {
                column.append_option(if nan_nullable {
                    summary.contains_nan
                } else {
                    Some(summary.contains_nan.unwrap_or_default())
                });
            }
            if let Some(column) = row.field_builder::<StringBuilder>(2) {
                column.append_option(shown(lower));
            }
            if let Some(column) = row.field_builder::<StringBuilder>(3) {
                column.append_option(shown(upper));
            }
            row.append(true);
        }
        builder.append(true);
    }
    Ok(Arc::new(builder.finish()))
}

fn bounds(summary: &FieldSummary) -> (Option<&[u8]>, Option<&[u8]>) {
    (
        summary.lower_bound.as_ref().map(|bytes| bytes.as_slice()),
        summary.upper_bound.as_ref().map(|bytes| bytes.as_slice()),
    )
}

/// Transform and result type of a spec's fields.
fn types(table: &Table, spec_id: i32) -> Vec<Option<(Transform, Type)>> {
    let Some(spec) = table.metadata.partition_spec_by_id(spec_id) else { return Vec::new() };
    let schema = table.metadata.current_schema();
    let of = |field: &iceberg::spec::PartitionField| {
        let source = schema.field_by_id(field.source_id)?;
        Some((field.transform, field.transform.result_type(&source.field_type).ok()?))
    };
    spec.fields().iter().map(of).collect()
}

fn shown(bytes: &[u8], of: &(Transform, Type)) -> Option<String> {
    let (transform, result) = of;
    let primitive = result.as_primitive_type()?;
    let datum = Datum::try_from_bytes(bytes, primitive.clone()).ok()?;
    let literal = iceberg::spec::Literal::Primitive(datum.literal().clone());
    Some(human(*transform, &literal, result))
}

/// Days are dates; months, years and hours are texts of their own (Iceberg 1.11 `TransformUtil`).
fn human(transform: Transform, literal: &iceberg::spec::Literal, of: &Type) -> String {
    let number = match literal.as_primitive_literal() {
        Some(iceberg::spec::PrimitiveLiteral::Int(number)) => Some(i64::from(number)),
        _ => None,
    };
    match (transform, number) {
        (Transform::Year, Some(years)) => format!("{:04}", 1970 + years),
        (Transform::Month, Some(months)) => {
            format!("{:04}-{:02}", 1970 + months.div_euclid(12), months.rem_euclid(12) + 1)
        }
        (Transform::Hour, Some(hours)) => match chrono::DateTime::from_timestamp(hours * 3600, 0) {
            Some(at) => at.format("%Y-%m-%d-%H").to_string(),
            None => hours.to_string(),
        },
        (Transform::Day, Some(days)) => match chrono::DateTime::from_timestamp(days * 86_400, 0) {
            Some(at) => at.format("%Y-%m-%d").to_string(),
            None => days.to_string(),
        },
        _ => transform.to_human_string(of, Some(literal)),
    }
}
