//! Compressed files of text (CSV, JSON, lines): the end of a file's name says how, as in Hadoop.

use bytes::Bytes;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use floe_base::{Error, Result};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use super::listed::Below;

/// How a file is compressed. Codecs that Hadoop has and we have not are refused: their bytes are no text.
pub(super) fn of(location: &Path) -> Result<FileCompressionType> {
    match location.extension() {
        Some("gz") => Ok(FileCompressionType::GZIP),
        Some("bz2") => Ok(FileCompressionType::BZIP2),
        Some("zst") => Ok(FileCompressionType::ZSTD),
        Some(other @ ("deflate" | "snappy" | "lz4")) => {
            Err(Error::unsupported(format!("reading text that is compressed with {other}")))
        }
        _ => Ok(FileCompressionType::UNCOMPRESSED),
    }
}

/// How all files are compressed, for a reader that has one way for them all.
pub(super) fn of_all(below: &Below) -> Result<FileCompressionType> {
    let mut codecs = below.read().map(|file| of(&file.meta.location));
    let Some(first) = codecs.next().transpose()? else { return Ok(FileCompressionType::UNCOMPRESSED) };
    for codec in codecs {
        if codec? != first {
            return Err(Error::unsupported("reading csv files that are compressed in different ways"));
        }
    }
    Ok(first)
}

/// The text of a file.
pub(super) async fn text(
    store: &dyn ObjectStore,
    location: &Path,
) -> datafusion::error::Result<BoxStream<'static, datafusion::error::Result<Bytes>>> {
    let codec = of(location)?;
    let bytes = store.get(location).await?.into_stream().map_err(Into::into);
    codec.convert_stream(bytes.boxed())
}
