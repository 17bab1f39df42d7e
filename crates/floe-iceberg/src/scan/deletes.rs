//! Deletes by position: position delete files, and deletion vectors of format version 3.
//!
//! Both end as a bitmap of row numbers per data file. The bitmaps of a delete file are kept for the process, since one file
//! often speaks of many data files; a path and offset never change what they hold.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::catalog::Session;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use floe_base::{Error, Kind, Result};
use futures::TryStreamExt;
use iceberg::spec::{DataContentType, DataFileFormat, NestedField, PrimitiveType, Type};
use moka::future::Cache;
use object_store::ObjectMeta;
use parquet::arrow::ParquetRecordBatchStreamBuilder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::RowSelection;
use parquet::arrow::async_reader::ParquetObjectReader;
use roaring::RoaringTreemap;

use super::adapt::FieldMap;
use crate::error::Lift;
use crate::manifest::FileEntry;
use crate::plan::FileTask;
use crate::storage::{Place, Storage};

/// Reserved field ids of position delete files (Iceberg spec).
const FILE_PATH_ID: i32 = 2_147_483_546;
const POSITION_ID: i32 = 2_147_483_545;
/// Marks a deletion vector, after its length (Puffin spec, `deletion-vector-v1`).
const VECTOR_MAGIC: [u8; 4] = [0xd1, 0xd3, 0x39, 0x64];

type ByFile = Arc<HashMap<String, Arc<RoaringTreemap>>>;

static POSITIONS: LazyLock<Cache<String, ByFile>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(128 * 1024 * 1024)
        .weigher(|_, files: &ByFile| {
            let bytes: usize = files.iter().map(|(path, rows)| path.len() + 64 + rows.serialized_size()).sum();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        })
        .build()
});

/// The task's deletes that name rows by position.
pub(super) fn position_deletes(task: &FileTask) -> Vec<&Arc<FileEntry>> {
    let positions = DataContentType::PositionDeletes;
    task.deletes.iter().filter(|delete| delete.file.content_type() == positions).collect()
}

/// The row numbers deleted from a data file.
pub(super) async fn deleted_rows(storage: &Storage, task: &FileTask) -> Result<RoaringTreemap> {
    let mut all = RoaringTreemap::new();
    for delete in position_deletes(task) {
        if delete.is_deletion_vector() {
            all |= vector(storage, delete).await?;
            continue;
        }
        if let Some(rows) = positions(storage, delete).await?.get(task.entry.path()) {
            all |= rows.as_ref();
        }
    }
    Ok(all)
}

async fn positions(storage: &Storage, delete: &FileEntry) -> Result<ByFile> {
    if delete.file.file_format() != DataFileFormat::Parquet {
        return Err(Error::unsupported(format!("reading {} delete files", delete.file.file_format())));
    }
    let load = async {
        let path = NestedField::required(FILE_PATH_ID, "file_path", Type::Primitive(PrimitiveType::String));
        let position = NestedField::required(POSITION_ID, "pos", Type::Primitive(PrimitiveType::Long));
        let columns = [path, position].into_iter().map(|field| (field.name.clone(), Arc::new(field)));
        let map = FieldMap::plain(columns.collect());
        let mut files: HashMap<String, RoaringTreemap> = HashMap::new();
        for batch in read_columns(storage, delete, &map).await? {
            let (paths, rows) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
            for (path, row) in paths.iter().zip(rows) {
                let (Some(path), Some(row)) = (path, row.and_then(|row| u64::try_from(row).ok())) else {
                    return Err(broken(delete, "a path or position is null or negative"));
                };
                match files.get_mut(path) {
                    Some(known) => known.insert(row),
                    None => files.entry(path.to_string()).or_default().insert(row),
                };
            }
        }
        Ok(Arc::new(files.into_iter().map(|(path, rows)| (path, Arc::new(rows))).collect()))
    };
    let key = delete.path().to_string();
    POSITIONS.try_get_with(key, load).await.map_err(|error: Arc<Error>| error.as_ref().clone())
}

/// A deletion vector stands in a Puffin file at the place its manifest entry tells; the file's own footer is not needed.
async fn vector(storage: &Storage, delete: &FileEntry) -> Result<RoaringTreemap> {
    let (Some(offset), Some(size)) = (delete.file.content_offset(), delete.file.content_size_in_bytes()) else {
        return Err(broken(delete, "its entry has no offset and size"));
    };
    let start = u64::try_from(offset).map_err(|_| broken(delete, "its offset is negative"))?;
    let size = u64::try_from(size).map_err(|_| broken(delete, "its size is negative"))?;
    let blob = storage.get_range(delete.path(), start..start + size).await?;
    parse_vector(&blob).map_err(|what| broken(delete, what))
}

/// Length, magic, bitmap, checksum of magic and bitmap; numbers big-endian.
fn parse_vector(blob: &[u8]) -> Result<RoaringTreemap, &'static str> {
    let (length, rest) = blob.split_first_chunk::<4>().ok_or("it is too short")?;
    let length = u32::from_be_bytes(*length) as usize;
    let body = rest.get(..length).ok_or("it is shorter than it says")?;
    let checksum = rest.get(length..length + 4).ok_or("it has no checksum")?;
    if checksum != crc32fast::hash(body).to_be_bytes() {
        return Err("its checksum is wrong");
    }
    let bitmap = body.strip_prefix(&VECTOR_MAGIC).ok_or("it is no deletion vector")?;
    RoaringTreemap::deserialize_from(bitmap).map_err(|_| "its bitmap cannot be read")
}

fn broken(delete: &FileEntry, what: &str) -> Error {
    Error::message(Kind::Operation, format!("delete file `{}` cannot be used: {what}", delete.path()))
}

/// All rows of a small Parquet file, columns as the map says.
pub(super) async fn read_columns(storage: &Storage, entry: &FileEntry, map: &FieldMap) -> Result<Vec<RecordBatch>> {
    let place = storage.place(entry.path())?;
    let reader = ParquetObjectReader::new(place.store, place.path).with_file_size(entry.file.file_size_in_bytes());
    let builder = ParquetRecordBatchStreamBuilder::new(reader).await.lift()?;
    let all: Vec<usize> = (0..map.columns.len()).collect();
    let narrowed = map.narrow(builder.schema(), &all);
    let mask = ProjectionMask::roots(builder.parquet_schema(), narrowed.needed.iter().copied());
    let stored: Vec<RecordBatch> = builder.with_projection(mask).build().lift()?.try_collect().await.lift()?;
    let schema = map.engine_schema();
    let mut batches = Vec::with_capacity(stored.len());
    for batch in stored {
        let columns = all.iter().map(|index| map.column(&narrowed, &batch, *index)).collect::<Result<Vec<_>>>()?;
        batches.push(RecordBatch::try_new(Arc::clone(&schema), columns)?);
    }
    Ok(batches)
}

/// What DataFusion's reader is told to read of a file with deletes.
pub(super) async fn access_plan(
    state: &dyn Session,
    storage: &Storage,
    task: &FileTask,
    place: &Place,
    meta: &ObjectMeta,
) -> Result<ParquetAccessPlan> {
    let deleted = deleted_rows(storage, task).await?;
    let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
    let footer = DFParquetMetadata::new(place.store.as_ref(), meta)
        .with_file_metadata_cache(Some(cache))
        .fetch_metadata()
        .await?;
    let mut groups = Vec::with_capacity(footer.num_row_groups());
    let mut start = 0;
    for group in footer.row_groups() {
        let rows = u64::try_from(group.num_rows()).unwrap_or_default();
        groups.push(access(&deleted, start..start + rows));
        start += rows;
    }
    Ok(ParquetAccessPlan::new(groups))
}

fn access(deleted: &RoaringTreemap, rows: Range<u64>) -> RowGroupAccess {
    let count = deleted.range_cardinality(rows.clone());
    match count {
        0 => RowGroupAccess::Scan,
        all if all == rows.end - rows.start => RowGroupAccess::Skip,
        _ => RowGroupAccess::Selection(selection(deleted, rows)),
    }
}

/// The rows of a range that are left.
pub(super) fn selection(deleted: &RoaringTreemap, rows: Range<u64>) -> RowSelection {
    let local = |row: u64| usize::try_from(row - rows.start).unwrap_or(usize::MAX);
    let mut kept: Vec<Range<usize>> = Vec::new();
    let mut next = rows.start;
    let mut gone = deleted.iter();
    gone.advance_to(rows.start);
    for row in gone.take_while(|row| *row < rows.end) {
        if row > next {
            kept.push(local(next)..local(row));
        }
        next = row + 1;
    }
    if next < rows.end {
        kept.push(local(next)..local(rows.end));
    }
    RowSelection::from_consecutive_ranges(kept.into_iter(), local(rows.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_rows_are_the_others() {
        let deleted: RoaringTreemap = [0, 3, 4, 9, 12].into_iter().collect();
        let picked = selection(&deleted, 2..10);
        assert_eq!(picked.row_count(), 5);
        assert_eq!(picked.skipped_row_count(), 3);
        assert!(matches!(access(&deleted, 5..9), RowGroupAccess::Scan));
        assert!(matches!(access(&deleted, 3..5), RowGroupAccess::Skip));
    }

    #[test]
    fn a_vector_is_checked_before_it_is_believed() -> Result<(), &'static str> {
        let rows: RoaringTreemap = [1u64, 5, 1 << 33].into_iter().collect();
        let mut body = VECTOR_MAGIC.to_vec();
        rows.serialize_into(&mut body).map_err(|_| "not written")?;
        let mut blob = u32::try_from(body.len()).map_err(|_| "too long")?.to_be_bytes().to_vec();
        blob.extend(&body);
        blob.extend(crc32fast::hash(&body).to_be_bytes());
        assert_eq!(parse_vector(&blob)?, rows);
        if let Some(byte) = blob.get_mut(12) {
            *byte ^= 1;
        }
        assert!(parse_vector(&blob).is_err());
        Ok(())
    }
}
