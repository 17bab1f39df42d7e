//! Manifest lists and manifests: reading them (with a cache), writing them.
//!
//! What a manifest leaves to its reader is settled here: inherited snapshot ids, sequence numbers and row ids. The rest of
//! the crate works with [`FileEntry`] and never sees a half-filled entry.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use floe_base::{Error, Kind, Result};
use iceberg::io::FileIO;
use iceberg::spec::{
    DataContentType, DataFile, DataFileBuilder, DataFileFormat, FormatVersion, Manifest, ManifestContentType,
    ManifestFile, ManifestList, ManifestListWriter, ManifestStatus, ManifestWriter, ManifestWriterBuilder,
    PartitionSpec, SchemaRef, Snapshot, TableMetadata,
};
use moka::future::Cache;

use crate::error::Lift;
use crate::storage::Storage;

/// Bytes of manifests kept in memory, counted by what their entries hold and not by their struct.
const CACHE_BYTES: u64 = 256 * 1024 * 1024;
/// Rough size of an entry and of one column's metrics in it; measured on a 16-column table, within a factor of two.
const ENTRY_BYTES: usize = 400;
const COLUMN_BYTES: usize = 160;

/// Manifest lists kept in memory, counted by manifests.
const CACHED_MANIFESTS: u64 = 200_000;

static LISTS: LazyLock<Cache<String, Arc<Vec<ManifestFile>>>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(CACHED_MANIFESTS)
        .weigher(|_, files: &Arc<Vec<ManifestFile>>| u32::try_from(files.len() + 1).unwrap_or(u32::MAX))
        .build()
});
static MANIFESTS: LazyLock<Cache<String, Arc<Vec<Arc<FileEntry>>>>> = LazyLock::new(|| {
    Cache::builder()
        .max_capacity(CACHE_BYTES)
        .weigher(|_, entries: &Arc<Vec<Arc<FileEntry>>>| {
            let bytes: usize =
                entries.iter().map(|entry| ENTRY_BYTES + COLUMN_BYTES * entry.file.value_counts().len()).sum();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        })
        .build()
});

/// A file as a manifest knows it, everything inherited filled in.
#[derive(Clone, Debug)]
pub struct FileEntry {
    pub file: DataFile,
    pub spec_id: i32,
    pub status: ManifestStatus,
    /// The snapshot that added the file, or deleted it.
    pub snapshot_id: i64,
    pub sequence_number: i64,
    pub file_sequence_number: i64,
    /// Format version 3: the `_row_id` of the file's first row.
    pub first_row_id: Option<i64>,
}

impl FileEntry {
    pub fn is_live(&self) -> bool {
        self.status != ManifestStatus::Deleted
    }

    pub fn path(&self) -> &str {
        self.file.file_path()
    }

    /// A deletion vector is a position delete in a Puffin file.
    pub fn is_deletion_vector(&self) -> bool {
        self.file.content_type() == DataContentType::PositionDeletes
            && self.file.file_format() == DataFileFormat::Puffin
    }
}

/// The manifests of a snapshot.
pub async fn list(storage: &Storage, metadata: &TableMetadata, snapshot: &Snapshot) -> Result<Arc<Vec<ManifestFile>>> {
    let location = snapshot.manifest_list().to_string();
    if location.is_empty() {
        return Err(Error::unsupported("a snapshot of format version 1 without a manifest list"));
    }
    let version = metadata.format_version();
    let load = async {
        let bytes = storage.get(&location).await?;
        Ok(Arc::new(parse_list(&bytes, version)?))
    };
    LISTS.try_get_with(location.clone(), load).await.map_err(|error: Arc<Error>| error.as_ref().clone())
}

/// A table's older snapshots may have lists of an older format version.
fn parse_list(bytes: &[u8], newest: FormatVersion) -> Result<Vec<ManifestFile>> {
    let versions = [FormatVersion::V3, FormatVersion::V2, FormatVersion::V1];
    let mut failure = None;
    for version in versions.into_iter().filter(|version| *version <= newest) {
        match ManifestList::parse_with_version(bytes, version) {
            Ok(list) => return Ok(list.consume_entries().into_iter().collect()),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) => Err(error).lift(),
        None => Ok(Vec::new()),
    }
}

/// Every entry of a manifest, deleted ones too.
pub async fn entries(storage: &Storage, manifest: &ManifestFile) -> Result<Arc<Vec<Arc<FileEntry>>>> {
    if manifest.key_metadata.as_ref().is_some_and(|key| !key.is_empty()) {
        return Err(Error::unsupported("reading an encrypted Iceberg table"));
    }
    let load = async {
        let bytes = storage.get(&manifest.manifest_path).await?;
        Ok(Arc::new(parse(&bytes, manifest)?))
    };
    let key = manifest.manifest_path.clone();
    MANIFESTS.try_get_with(key, load).await.map_err(|error: Arc<Error>| error.as_ref().clone())
}

fn parse(bytes: &[u8], manifest: &ManifestFile) -> Result<Vec<Arc<FileEntry>>> {
    let (raw, _) = Manifest::parse_avro(bytes).lift()?.into_parts();
    let mut next_row_id = manifest.first_row_id.and_then(|id| i64::try_from(id).ok());
    let mut entries = Vec::with_capacity(raw.len());
    for entry in raw {
        let inherits = entry.status == ManifestStatus::Added;
        let sequence_number = entry.sequence_number.or(inherits.then_some(manifest.sequence_number)).unwrap_or(0);
        let file_sequence_number =
            entry.file_sequence_number.or(inherits.then_some(manifest.sequence_number)).unwrap_or(0);
        let file = entry.data_file().clone();
        let first_row_id = match file.first_row_id() {
            Some(id) => Some(id),
            None if entry.is_alive() && file.content_type() == DataContentType::Data => {
                let id = next_row_id;
                next_row_id = next_row_id.map(|id| id + i64::try_from(file.record_count()).unwrap_or(0));
                id
            }
            None => None,
        };
        entries.push(Arc::new(FileEntry {
            file,
            spec_id: manifest.partition_spec_id,
            status: entry.status,
            snapshot_id: entry.snapshot_id.unwrap_or(manifest.added_snapshot_id),
            sequence_number,
            file_sequence_number,
            first_row_id,
        }));
    }
    Ok(entries)
}

/// A manifest being put together. It is written at once when it is finished: manifests are a few megabytes.
pub struct NewManifest {
    io: FileIO,
    writer: ManifestWriter,
}

/// Where the library below writes before we take the bytes: it knows no object_store.
const SCRATCH: &str = "memory://file";

impl NewManifest {
    pub fn new(
        version: FormatVersion,
        content: ManifestContentType,
        snapshot_id: i64,
        schema: SchemaRef,
        spec: PartitionSpec,
    ) -> Result<Self> {
        let io = FileIO::new_with_memory();
        let builder = ManifestWriterBuilder::new(io.new_output(SCRATCH).lift()?, Some(snapshot_id), schema, spec);
        let writer = match (version, content) {
            (FormatVersion::V1, _) => builder.build_v1(),
            (FormatVersion::V2, ManifestContentType::Data) => builder.build_v2_data(),
            (FormatVersion::V2, ManifestContentType::Deletes) => builder.build_v2_deletes(),
            (FormatVersion::V3, ManifestContentType::Data) => builder.build_v3_data(),
            (FormatVersion::V3, ManifestContentType::Deletes) => builder.build_v3_deletes(),
        };
        Ok(Self { io, writer })
    }

    /// A file this snapshot adds; its sequence number is the snapshot's, inherited.
    pub fn add(&mut self, file: &DataFile) -> Result<()> {
        self.writer.add_file(file.clone(), -1).lift()
    }

    /// A file that was there before and stays.
    pub fn keep(&mut self, entry: &FileEntry) -> Result<()> {
        let file = with_row_id(entry)?;
        let snapshot = entry.snapshot_id;
        let numbers = (entry.sequence_number, Some(entry.file_sequence_number));
        self.writer.add_existing_file(file, snapshot, numbers.0, numbers.1).lift()
    }

    /// A file this snapshot takes away.
    pub fn remove(&mut self, entry: &FileEntry) -> Result<()> {
        let file = with_row_id(entry)?;
        self.writer.add_delete_file(file, entry.sequence_number, Some(entry.file_sequence_number)).lift()
    }

    pub async fn write(self, storage: &Storage, location: String) -> Result<ManifestFile> {
        let mut manifest = self.writer.write_manifest_file().await.lift()?;
        let bytes = self.io.new_input(SCRATCH).lift()?.read().await.lift()?;
        storage.put_new(&location, bytes).await?;
        manifest.manifest_path = location;
        Ok(manifest)
    }
}

/// A rewritten entry must carry the row id it had inherited: its new manifest starts counting elsewhere.
fn with_row_id(entry: &FileEntry) -> Result<DataFile> {
    let file = &entry.file;
    if file.first_row_id().is_some() || entry.first_row_id.is_none() {
        return Ok(file.clone());
    }
    let mut builder = DataFileBuilder::default();
    builder
        .content(file.content_type())
        .file_path(file.file_path().to_string())
        .file_format(file.file_format())
        .partition(file.partition().clone())
        .partition_spec_id(entry.spec_id)
        .record_count(file.record_count())
        .file_size_in_bytes(file.file_size_in_bytes())
        .column_sizes(file.column_sizes().clone())
        .value_counts(file.value_counts().clone())
        .null_value_counts(file.null_value_counts().clone())
        .nan_value_counts(file.nan_value_counts().clone())
        .lower_bounds(file.lower_bounds().clone())
        .upper_bounds(file.upper_bounds().clone())
        .key_metadata(file.key_metadata().map(<[u8]>::to_vec))
        .split_offsets(file.split_offsets().map(<[i64]>::to_vec))
        .equality_ids(file.equality_ids())
        .first_row_id(entry.first_row_id)
        .referenced_data_file(file.referenced_data_file())
        .content_offset(file.content_offset())
        .content_size_in_bytes(file.content_size_in_bytes());
    if let Some(order) = file.sort_order_id() {
        builder.sort_order_id(order);
    }
    builder.build().map_err(|error| Error::internal(format!("a rewritten entry is incomplete: {error}")))
}

/// Where a snapshot stands in the table's line, for its manifest list.
pub struct ListHeader {
    pub version: FormatVersion,
    pub snapshot_id: i64,
    pub parent_id: Option<i64>,
    pub sequence_number: i64,
    pub next_row_id: u64,
}

/// Writes a manifest list. Gives the table's next row id after it (format version 3).
pub async fn write_list(
    storage: &Storage,
    location: &str,
    header: &ListHeader,
    manifests: Vec<ManifestFile>,
) -> Result<Option<u64>> {
    let io = FileIO::new_with_memory();
    let output = io.new_output(SCRATCH).lift()?.writer().await.lift()?;
    let mut writer = match header.version {
        FormatVersion::V1 => ManifestListWriter::v1(output, header.snapshot_id, header.parent_id),
        FormatVersion::V2 => {
            ManifestListWriter::v2(output, header.snapshot_id, header.parent_id, header.sequence_number)
        }
        FormatVersion::V3 => ManifestListWriter::v3(
            output,
            header.snapshot_id,
            header.parent_id,
            header.sequence_number,
            Some(header.next_row_id),
        ),
    };
    writer.add_manifests(manifests.into_iter()).lift()?;
    let next_row_id = writer.next_row_id();
    writer.close().await.lift()?;
    let bytes: Bytes = io.new_input(SCRATCH).lift()?.read().await.lift()?;
    storage.put_new(location, bytes).await?;
    Ok(next_row_id)
}

/// The spec a manifest was written with.
pub fn spec_of(metadata: &TableMetadata, spec_id: i32) -> Result<PartitionSpec> {
    let spec = metadata.partition_spec_by_id(spec_id).map(|spec| spec.as_ref().clone());
    spec.ok_or_else(|| Error::message(Kind::Operation, format!("the table has no partition spec {spec_id}")))
}
