//! Local files as Spark lists them: without those whose names say that they are not data (`_SUCCESS`, `.a.crc`).

use std::fmt::{self, Display, Formatter};
use std::ops::Range;
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, future};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// Has the plans of a runtime see local files so.
pub fn register(runtime: &RuntimeEnv) {
    let store = Arc::new(Visible(LocalFileSystem::new()));
    runtime.register_object_store(ObjectStoreUrl::local_filesystem().as_ref(), store);
}

/// A store that lists no hidden files. Whoever knows the name of one reads it all the same.
#[derive(Debug)]
struct Visible<S>(S);

/// True for what Spark 4.1's `HadoopFSUtils` leaves out of a listing: the file itself, or a folder above it that is
/// below the one listed. Names of partition columns may begin with an underscore.
fn is_hidden(prefix: Option<&Path>, location: &Path) -> bool {
    let root = Path::default();
    let Some(mut parts) = location.prefix_match(prefix.unwrap_or(&root)) else { return false };
    parts.any(|part| {
        let name = part.as_ref();
        name.starts_with('.') || (name.starts_with('_') && !name.contains('=')) || name.ends_with("._COPYING_")
    })
}

fn without_hidden(
    listed: BoxStream<'static, Result<ObjectMeta>>,
    prefix: Option<&Path>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let prefix = prefix.cloned();
    listed.try_filter(move |meta| future::ready(!is_hidden(prefix.as_ref(), &meta.location))).boxed()
}

impl<S: Display> Display for Visible<S> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[async_trait::async_trait]
impl<S: ObjectStore> ObjectStore for Visible<S> {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.0.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        without_hidden(self.0.list(prefix), prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        without_hidden(self.0.list_with_offset(prefix, offset), prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listed = self.0.list_with_delimiter(prefix).await?;
        listed.objects.retain(|meta| !is_hidden(prefix, &meta.location));
        listed.common_prefixes.retain(|folder| !is_hidden(prefix, folder));
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.0.rename_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_below_the_listed_folder_hide_a_file() {
        let root = Path::from("home/.cache/t");
        let hidden = |below: &str| is_hidden(Some(&root), &Path::from(format!("home/.cache/t/{below}")));
        for name in ["_SUCCESS", ".part-0.parquet.crc", "_temporary/0/part-0", "g=1/.part-0.crc", "a.csv._COPYING_"] {
            assert!(hidden(name), "{name}");
        }
        for name in ["part-0.parquet", "_g=1/part-0.parquet", "a_b.csv"] {
            assert!(!hidden(name), "{name}");
        }
    }
}
