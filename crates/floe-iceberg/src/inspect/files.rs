//! Files and manifest entries, as one row each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BinaryBuilder, Int32Array, Int32Builder, Int64Array, Int64Builder, ListBuilder,
    MapBuilder, MapFieldNames, RecordBatch, RecordBatchOptions, StringArray, StructArray,
};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema as ArrowSchema};
use datafusion::common::ScalarValue;
use floe_base::{Error, Result};
use iceberg::spec::{
    DataContentType, DataFile, Datum, ManifestContentType, NestedField, PartitionField, Snapshot, TableMetadata,
    Transform, Type,
};

use crate::arrow_schema::engine_field;
use crate::manifest::{self, FileEntry};
use crate::table::Table;
use crate::value::{scalar, scalar_or_null};

/// Which manifests' files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Contents {
    All,
    Data,
    Deletes,
}

impl Contents {
    fn takes(self, content: ManifestContentType) -> bool {
        match self {
            Self::All => true,
            Self::Data => content == ManifestContentType::Data,
            Self::Deletes => content == ManifestContentType::Deletes,
        }
    }
}

/// The snapshots whose manifests are read.
#[derive(Clone, Copy)]
pub(super) enum Reach<'a> {
    /// One; none for a table without rows.
    One(Option<&'a Snapshot>),
    /// All there are: `all_files` and its like. A file may come more than once there, as it does in Iceberg.
    All,
}

/// `files`, `data_files`, `delete_files`: what is live.
pub(super) async fn files(table: &Table, reach: Reach<'_>, which: Contents) -> Result<RecordBatch> {
    let mut rows = read(table, reach, which).await?;
    rows.retain(|entry| entry.is_live());
    let mut columns = file_columns(&table.metadata, &rows)?;
    columns.push(readable_metrics(&table.metadata, &rows)?);
    batch(columns, rows.len())
}

/// `entries`: what the manifests say, deletions too.
pub(super) async fn entries(table: &Table, reach: Reach<'_>) -> Result<RecordBatch> {
    let rows = read(table, reach, Contents::All).await?;
    let inner = file_columns(&table.metadata, &rows)?;
    let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = inner.into_iter().unzip();
    let fields = Fields::from(fields);
    let data_file = StructArray::try_new(fields.clone(), arrays, None)?;
    let columns: Vec<(FieldRef, ArrayRef)> = vec![
        column("status", false, Int32Array::from_iter_values(rows.iter().map(|entry| entry.status as i32))),
        column("snapshot_id", true, Int64Array::from_iter_values(rows.iter().map(|entry| entry.snapshot_id))),
        column("sequence_number", true, Int64Array::from_iter_values(rows.iter().map(|entry| entry.sequence_number))),
        column(
            "file_sequence_number",
            true,
            Int64Array::from_iter_values(rows.iter().map(|entry| entry.file_sequence_number)),
        ),
        column("data_file", false, data_file),
        readable_metrics(&table.metadata, &rows)?,
    ];
    batch(columns, rows.len())
}

pub(super) async fn read(table: &Table, reach: Reach<'_>, which: Contents) -> Result<Vec<Arc<FileEntry>>> {
    let snapshots: Vec<&Snapshot> = match reach {
        Reach::One(snapshot) => snapshot.into_iter().collect(),
        Reach::All => table.metadata.snapshots().map(AsRef::as_ref).collect(),
    };
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    for snapshot in snapshots {
        for file in manifest::list(&table.storage, &table.metadata, snapshot).await?.iter() {
            if which.takes(file.content) && seen.insert(file.manifest_path.clone()) {
                rows.extend(manifest::entries(&table.storage, file).await?.iter().cloned());
            }
        }
    }
    Ok(rows)
}

pub(super) fn batch(columns: Vec<(FieldRef, ArrayRef)>, rows: usize) -> Result<RecordBatch> {
    let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = columns.into_iter().unzip();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::new(ArrowSchema::new(fields)), arrays, &options)?)
}

pub(super) fn column(name: &str, nullable: bool, array: impl Array + 'static) -> (FieldRef, ArrayRef) {
    let field = Field::new(name, array.data_type().clone(), nullable);
    (Arc::new(field), Arc::new(array))
}

fn file_columns(metadata: &TableMetadata, rows: &[Arc<FileEntry>]) -> Result<Vec<(FieldRef, ArrayRef)>> {
    let files = || rows.iter().map(|entry| &entry.file);
    let long = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let mut columns = vec![
        column("content", true, Int32Array::from_iter_values(files().map(|file| file.content_type() as i32))),
        column("file_path", false, StringArray::from_iter_values(files().map(DataFile::file_path))),
        column(
            "file_format",
            false,
            StringArray::from_iter_values(files().map(|file| file.file_format().to_string().to_uppercase())),
        ),
        column("spec_id", true, Int32Array::from_iter_values(rows.iter().map(|entry| entry.spec_id))),
    ];
    let partitions = partition_column(metadata, rows)?;
    columns.extend(partitions);
    columns.extend([
        column("record_count", false, Int64Array::from_iter_values(files().map(|file| long(file.record_count())))),
        column(
            "file_size_in_bytes",
            false,
            Int64Array::from_iter_values(files().map(|file| long(file.file_size_in_bytes()))),
        ),
        column("column_sizes", true, counts(files().map(DataFile::column_sizes))?),
        column("value_counts", true, counts(files().map(DataFile::value_counts))?),
        column("null_value_counts", true, counts(files().map(DataFile::null_value_counts))?),
        column("nan_value_counts", true, counts(files().map(DataFile::nan_value_counts))?),
        column("lower_bounds", true, bounds(files().map(DataFile::lower_bounds))?),
        column("upper_bounds", true, bounds(files().map(DataFile::upper_bounds))?),
        column("key_metadata", true, files().map(DataFile::key_metadata).collect::<BinaryArray>()),
        column("split_offsets", true, split_offsets(files())),
        column("equality_ids", true, equality_ids(files())),
        column("sort_order_id", true, files().map(DataFile::sort_order_id).collect::<Int32Array>()),
        column("first_row_id", true, rows.iter().map(|entry| entry.first_row_id).collect::<Int64Array>()),
        column("referenced_data_file", true, files().map(DataFile::referenced_data_file).collect::<StringArray>()),
        column("content_offset", true, files().map(DataFile::content_offset).collect::<Int64Array>()),
        column("content_size_in_bytes", true, files().map(DataFile::content_size_in_bytes).collect::<Int64Array>()),
    ]);
    Ok(columns)
}

/// The fields of all specs together, by field id, under their newest names; no column for a table never partitioned.
pub(super) fn partition_fields(metadata: &TableMetadata) -> Vec<(PartitionField, Type)> {
    let mut specs: Vec<_> = metadata.partition_specs_iter().collect();
    specs.sort_by_key(|spec| spec.spec_id());
    let mut known: BTreeMap<i32, (PartitionField, Type)> = BTreeMap::new();
    for field in specs.into_iter().flat_map(|spec| spec.fields()) {
        let source = metadata.schemas_iter().find_map(|schema| schema.field_by_id(field.source_id));
        let Some(Ok(of)) = source.map(|source| field.transform.result_type(&source.field_type)) else { continue };
        // A dropped field of format version 1 goes on as `void`: it keeps the type it had.
        if field.transform == Transform::Void && known.contains_key(&field.field_id) {
            continue;
        }
        known.insert(field.field_id, (field.clone(), of));
    }
    known.into_values().collect()
}

/// The `partition` column; `None` for a table never partitioned.
pub(super) fn partition_column(
    metadata: &TableMetadata,
    rows: &[Arc<FileEntry>],
) -> Result<Option<(FieldRef, ArrayRef)>> {
    let fields = partition_fields(metadata);
    if fields.is_empty() {
        return Ok(None);
    }
    let mut children = Vec::with_capacity(fields.len());
    for (field, of) in &fields {
        let mut values = Vec::with_capacity(rows.len());
        for entry in rows {
            let spec = metadata.partition_spec_by_id(entry.spec_id);
            let place = spec.and_then(|spec| spec.fields().iter().position(|part| part.field_id == field.field_id));
            let literal = place.and_then(|place| entry.file.partition().fields().get(place)?.as_ref());
            values.push(scalar_or_null(literal, of)?);
        }
        let engine = engine_field(&NestedField::optional(field.field_id, &field.name, of.clone()));
        let array = match values.is_empty() {
            true => arrow::array::new_empty_array(engine.data_type()),
            false => ScalarValue::iter_to_array(values)?,
        };
        children.push((engine, array));
    }
    let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = children.into_iter().unzip();
    let array = StructArray::try_new_with_length(Fields::from(fields), arrays, None, rows.len())?;
    Ok(Some(column("partition", false, array)))
}

fn names() -> Option<MapFieldNames> {
    Some(MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() })
}

fn counts<'a>(maps: impl Iterator<Item = &'a HashMap<i32, u64>>) -> Result<arrow::array::MapArray> {
    let mut builder = MapBuilder::new(names(), Int32Builder::new(), Int64Builder::new()).with_values_field(Field::new(
        "value",
        DataType::Int64,
        false,
    ));
    for map in maps {
        let sorted: BTreeMap<_, _> = map.iter().collect();
        for (id, count) in sorted {
            builder.keys().append_value(*id);
            builder.values().append_value(i64::try_from(*count).unwrap_or(i64::MAX));
        }
        builder.append(true)?;
    }
    Ok(builder.finish())
}

fn bounds<'a>(maps: impl Iterator<Item = &'a HashMap<i32, Datum>>) -> Result<arrow::array::MapArray> {
    let mut builder = MapBuilder::new(names(), Int32Builder::new(), BinaryBuilder::new())
        .with_values_field(Field::new("value", DataType::Binary, false));
    for map in maps {
        let sorted: BTreeMap<_, _> = map.iter().collect();
        for (id, bound) in sorted {
            let Ok(bytes) = bound.to_bytes() else { continue };
            builder.keys().append_value(*id);
            builder.values().append_value(bytes.as_slice());
        }
        builder.append(true)?;
    }
    Ok(builder.finish())
}

fn split_offsets<'a>(files: impl Iterator<Item = &'a DataFile>) -> arrow::array::ListArray {
    let element = Field::new("element", DataType::Int64, false);
    let mut builder = ListBuilder::new(Int64Builder::new()).with_field(element);
    for file in files {
        builder.append_option(file.split_offsets().map(|offsets| offsets.iter().copied().map(Some)));
    }
    builder.finish()
}

fn equality_ids<'a>(files: impl Iterator<Item = &'a DataFile>) -> arrow::array::ListArray {
    let element = Field::new("element", DataType::Int32, false);
    let mut builder = ListBuilder::new(Int32Builder::new()).with_field(element);
    for file in files {
        let ids = file.equality_ids().filter(|_| file.content_type() == DataContentType::EqualityDeletes);
        builder.append_option(ids.map(|ids| ids.into_iter().map(Some)));
    }
    builder.finish()
}

/// Per column what the maps say, under its name and in its type. Columns come sorted by name, as Java's do.
fn readable_metrics(metadata: &TableMetadata, rows: &[Arc<FileEntry>]) -> Result<(FieldRef, ArrayRef)> {
    let schema = metadata.current_schema();
    let mut leaves: BTreeMap<String, i32> = BTreeMap::new();
    for (id, field) in schema.field_id_to_fields() {
        if field.field_type.is_primitive() {
            leaves.insert(schema.name_by_field_id(*id).unwrap_or_default().to_string(), *id);
        }
    }
    let mut children: Vec<(FieldRef, ArrayRef)> = Vec::with_capacity(leaves.len());
    for (name, id) in leaves {
        let field = schema.field_by_id(id).ok_or_else(|| Error::internal("a column without a field"))?;
        let array = metrics_of(field, rows)?;
        children.push((Arc::new(Field::new(name, array.data_type().clone(), true)), Arc::new(array)));
    }
    let (fields, arrays): (Vec<FieldRef>, Vec<ArrayRef>) = children.into_iter().unzip();
    let array = StructArray::try_new_with_length(Fields::from(fields), arrays, None, rows.len())?;
    Ok(column("readable_metrics", true, array))
}

fn metrics_of(field: &NestedField, rows: &[Arc<FileEntry>]) -> Result<StructArray> {
    let Type::Primitive(of) = field.field_type.as_ref() else {
        return Err(Error::internal("metrics of a nested column"));
    };
    let engine = engine_field(field);
    let count = |of: fn(&DataFile) -> &HashMap<i32, u64>| -> ArrayRef {
        let values =
            rows.iter().map(|entry| of(&entry.file).get(&field.id).and_then(|value| i64::try_from(*value).ok()));
        Arc::new(values.collect::<Int64Array>())
    };
    let bound = |of_file: fn(&DataFile) -> &HashMap<i32, Datum>| -> Result<ArrayRef> {
        let null = ScalarValue::try_from(engine.data_type())?;
        let values = rows.iter().map(|entry| {
            let bound = of_file(&entry.file).get(&field.id);
            bound.and_then(|bound| scalar(bound.literal(), of).ok()).unwrap_or_else(|| null.clone())
        });
        match rows.is_empty() {
            true => Ok(arrow::array::new_empty_array(engine.data_type())),
            false => Ok(ScalarValue::iter_to_array(values)?),
        }
    };
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("column_size", count(DataFile::column_sizes)),
        ("value_count", count(DataFile::value_counts)),
        ("null_value_count", count(DataFile::null_value_counts)),
        ("nan_value_count", count(DataFile::nan_value_counts)),
        ("lower_bound", bound(DataFile::lower_bounds)?),
        ("upper_bound", bound(DataFile::upper_bounds)?),
    ];
    let fields: Fields =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    Ok(StructArray::try_new_with_length(fields, arrays, None, rows.len())?)
}
