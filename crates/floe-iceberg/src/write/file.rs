//! One data file, from its first row to its entry for the manifest.

use arrow::array::RecordBatch;
use floe_base::{Error, Kind, Result};
use iceberg::spec::{DataContentType, DataFile, DataFileBuilder, DataFileFormat, Schema, Struct, TableMetadata};
use object_store::buffered::BufWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tokio::io::AsyncWriteExt;

use super::WriteOptions;
use super::conform::Conform;
use super::encode::Encoder;
use super::metrics::Metrics;
use crate::error::from_store;
use crate::storage::Storage;

/// Iceberg 1.10 `TableProperties`: the defaults for what a table does not set.
const TARGET_FILE_BYTES: usize = 512 * 1024 * 1024;
const ROW_GROUP_BYTES: usize = 128 * 1024 * 1024;
const PAGE_BYTES: usize = 1024 * 1024;
const PAGE_ROWS: usize = 20_000;
/// Half of Iceberg's: keys of which a group has a hundred thousand are looked up for each row and end up no smaller.
const DICTIONARY_BYTES: usize = 1024 * 1024;
/// Iceberg leaves the level to the codec, which has 3 in Java. Of TPC-H's lineitem 1 makes half a percent more bytes.
const ZSTD_LEVEL: i32 = 1;
/// Rows per group at most; several groups per file let one large file be read by several cores.
const ROW_GROUP_ROWS: usize = 1024 * 1024;

/// Where a table's files go and how they are encoded.
pub(super) struct FileLayout {
    folder: String,
    hashed: bool,
    target_bytes: usize,
    properties: WriterProperties,
}

impl FileLayout {
    pub(super) fn new(metadata: &TableMetadata, options: &WriteOptions) -> Result<Self> {
        let get = |key: &str| metadata.properties().get(key).map(String::as_str);
        let number = |key: &str, default: usize| -> Result<usize> {
            let Some(text) = get(key) else { return Ok(default) };
            text.trim().parse().map_err(|_| {
                Error::message(Kind::IllegalArgument, format!("table property {key} is no number: {text}"))
            })
        };
        let location = metadata.location().trim_end_matches('/');
        let folder = get("write.data.path").or(get("write.object-storage.path")).or(get("write.folder-storage.path"));
        let folder = folder.map_or_else(|| format!("{location}/data"), |path| path.trim_end_matches('/').to_string());
        let codec = options.compression.as_deref().or(get("write.parquet.compression-codec")).unwrap_or("zstd");
        let level = options.compression_level.as_deref().or(get("write.parquet.compression-level"));
        let properties = WriterProperties::builder()
            .set_compression(compression(codec, level)?)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_max_row_group_bytes(Some(number("write.parquet.row-group-size-bytes", ROW_GROUP_BYTES)?))
            .set_data_page_size_limit(number("write.parquet.page-size-bytes", PAGE_BYTES)?)
            .set_data_page_row_count_limit(number("write.parquet.page-row-limit", PAGE_ROWS)?)
            .set_dictionary_page_size_limit(number("write.parquet.dict-size-bytes", DICTIONARY_BYTES)?)
            .set_created_by(concat!("floe-engine version ", env!("CARGO_PKG_VERSION")).to_string());
        let mut properties = properties;
        for (key, value) in metadata.properties() {
            if let Some(column) = key.strip_prefix("write.parquet.bloom-filter-enabled.column.") {
                let path: Vec<String> = column.split('.').map(str::to_string).collect();
                properties = properties.set_column_bloom_filter_enabled(path.into(), value == "true");
            }
        }
        let target = number("write.target-file-size-bytes", TARGET_FILE_BYTES)?;
        Ok(Self {
            folder,
            hashed: get("write.object-storage.enabled").is_some_and(|value| value == "true"),
            target_bytes: options.target_file_bytes.unwrap_or(target),
            properties: properties.build(),
        })
    }

    /// Object storage spreads files by a hash in front of their name, so that no one prefix takes all requests.
    pub(super) fn location(&self, partition: &str, name: &str) -> String {
        if !self.hashed {
            return format!("{}/{partition}{name}", self.folder);
        }
        let hash = crc32fast::hash(format!("{partition}{name}").as_bytes());
        let bits = format!("{:020b}", hash & 0xf_ffff);
        let (a, rest) = bits.split_at(4);
        let (b, rest) = rest.split_at(4);
        let (c, d) = rest.split_at(4);
        format!("{}/{a}/{b}/{c}/{d}/{partition}{name}", self.folder)
    }
}

fn compression(codec: &str, level: Option<&str>) -> Result<Compression> {
    let level: Option<i32> = level.and_then(|text| text.parse().ok());
    let wrong = |error: parquet::errors::ParquetError| Error::message(Kind::IllegalArgument, error.to_string());
    Ok(match codec.to_ascii_lowercase().as_str() {
        "zstd" => Compression::ZSTD(ZstdLevel::try_new(level.unwrap_or(ZSTD_LEVEL)).map_err(wrong)?),
        "gzip" => {
            let level = level.and_then(|level| u32::try_from(level).ok()).unwrap_or(6);
            Compression::GZIP(GzipLevel::try_new(level).map_err(wrong)?)
        }
        "snappy" => Compression::SNAPPY,
        "lz4" | "lz4_raw" => Compression::LZ4_RAW,
        "uncompressed" | "none" => Compression::UNCOMPRESSED,
        other => return Err(Error::unsupported(format!("Parquet compression `{other}`"))),
    })
}

/// A file that still takes rows.
pub(super) struct OpenFile {
    encoder: Encoder,
    target: BufWriter,
    location: String,
    partition: Struct,
    metrics: Metrics,
    target_bytes: usize,
}

impl OpenFile {
    pub(super) fn start(
        storage: &Storage,
        location: String,
        partition: Struct,
        layout: &FileLayout,
        conform: &Conform,
    ) -> Result<Self> {
        let place = storage.place(&location)?;
        let target = BufWriter::new(place.store, place.path);
        let encoder = Encoder::new(conform.schema().clone(), layout.properties.clone())?;
        Ok(Self {
            encoder,
            target,
            location,
            partition,
            metrics: Metrics::default(),
            target_bytes: layout.target_bytes,
        })
    }

    pub(super) async fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        self.metrics.count_nans(rows);
        self.encoder.write(rows).await?;
        self.put().await
    }

    pub(super) fn is_full(&self) -> bool {
        self.encoder.bytes() >= self.target_bytes
    }

    async fn put(&mut self) -> Result<()> {
        let bytes = self.encoder.take_bytes();
        if !bytes.is_empty() {
            self.target.put(bytes.into()).await.map_err(|error| from_store(error, &self.location))?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self, schema: &Schema, spec_id: i32, table: &TableMetadata) -> Result<DataFile> {
        let footer = self.encoder.finish().await?;
        let size = self.encoder.bytes();
        self.put().await?;
        self.target.shutdown().await.map_err(|error| {
            let error = object_store::Error::Generic { store: "upload", source: Box::new(error) };
            from_store(error, &self.location)
        })?;
        let found = self.metrics.finish(&footer, schema, table)?;
        let split_offsets = footer.row_groups().iter().filter_map(|group| {
            let column = group.columns().first()?;
            Some(column.dictionary_page_offset().unwrap_or(column.data_page_offset()))
        });
        DataFileBuilder::default()
            .content(DataContentType::Data)
            .file_path(self.location)
            .file_format(DataFileFormat::Parquet)
            .partition(self.partition)
            .partition_spec_id(spec_id)
            .record_count(u64::try_from(footer.file_metadata().num_rows()).unwrap_or_default())
            .file_size_in_bytes(size as u64)
            .column_sizes(found.column_sizes)
            .value_counts(found.value_counts)
            .null_value_counts(found.null_counts)
            .nan_value_counts(found.nan_counts)
            .lower_bounds(found.lower_bounds)
            .upper_bounds(found.upper_bounds)
            .split_offsets(Some(split_offsets.collect()))
            // Rows stand as they came: the unsorted order, which has this id in every table.
            .sort_order_id(0)
            .build()
            .map_err(|error| Error::internal(format!("a data file's entry is incomplete: {error}")))
    }
}
