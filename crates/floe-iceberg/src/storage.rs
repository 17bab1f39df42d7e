//! Files by their Iceberg location (`file:///…`, `s3://…`), through object_store.
//!
//! One [`Storage`] belongs to one table (its credentials may be the table's own) and serves metadata and data alike: raw
//! bytes for metadata and manifests, and a store with an address of its own for DataFusion's scans and our writers.
//! Iceberg files never change once written, so nothing here asks for a file's age. What S3 wants to know: `storage/s3.rs`.

mod s3;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use floe_base::{Error, Kind, Result};
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use parking_lot::Mutex;
use url::Url;

use crate::error::from_store;
use s3::ExpiringKeys;
pub use s3::{S3Access, S3Keys};

/// Deletes in flight at once; enough to hide latency, few enough not to trip a store's rate limit.
const DELETE_CONCURRENCY: usize = 16;

/// Gives fresh storage properties when vended credentials are about to expire.
#[async_trait]
pub trait VendedCredentials: Send + Sync + fmt::Debug {
    async fn refresh(&self) -> Result<Vec<Credentials>>;
}

/// Storage properties that hold for locations under `prefix` (REST spec, `storage-credentials`).
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub prefix: String,
    pub properties: BTreeMap<String, String>,
}

/// Access to the files of one table.
#[derive(Clone)]
pub struct Storage(Arc<Inner>);

struct Inner {
    /// Tells this storage's stores apart from other tables' in a runtime's registry.
    scope: String,
    properties: BTreeMap<String, String>,
    vended: Vec<Credentials>,
    source: Option<Arc<dyn VendedCredentials>>,
    stores: Mutex<HashMap<String, Opened>>,
}

/// A store, and the keys to it where they are ours to ask for.
#[derive(Clone)]
struct Opened {
    store: Arc<dyn ObjectStore>,
    keys: Option<Arc<ExpiringKeys>>,
}

/// A location, taken apart: which store, which object.
#[derive(Clone)]
pub struct Place {
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
    /// The address under which [`Storage::register`] makes the store known.
    pub url: ObjectStoreUrl,
}

impl Storage {
    /// Storage under a catalog's own properties. `scope` is a name for it, unlike that of any other set of properties.
    pub fn new(scope: impl Into<String>, properties: BTreeMap<String, String>) -> Self {
        Self::vended(scope, properties, Vec::new(), None)
    }

    /// Storage with credentials a catalog gave for this table; the longest matching prefix wins.
    pub fn vended(
        scope: impl Into<String>,
        properties: BTreeMap<String, String>,
        vended: Vec<Credentials>,
        source: Option<Arc<dyn VendedCredentials>>,
    ) -> Self {
        Self(Arc::new(Inner { scope: scope.into(), properties, vended, source, stores: Mutex::default() }))
    }

    /// Which store and object a location means.
    ///
    /// # Errors
    /// A scheme we cannot reach is named.
    pub fn place(&self, location: &str) -> Result<Place> {
        let parsed = Parsed::of(location)?;
        let path = Path::parse(&parsed.path).map_err(|error| {
            Error::message(Kind::Operation, format!("location `{location}` is not a path: {error}"))
        })?;
        let store = self.store(&parsed, location)?;
        Ok(Place { store, path, url: self.url(&parsed)? })
    }

    /// Makes a place's store reachable for plans that run in `runtime`; local files are so anyhow.
    pub fn register(&self, runtime: &RuntimeEnv, place: &Place) {
        let url: &Url = place.url.as_ref();
        if url.scheme() != "file" {
            runtime.register_object_store(url, Arc::clone(&place.store));
        }
    }

    pub async fn get(&self, location: &str) -> Result<Bytes> {
        let place = self.place(location)?;
        let found = place.store.get(&place.path).await.map_err(|error| from_store(error, location))?;
        found.bytes().await.map_err(|error| from_store(error, location))
    }

    pub async fn get_range(&self, location: &str, range: std::ops::Range<u64>) -> Result<Bytes> {
        let place = self.place(location)?;
        place.store.get_range(&place.path, range).await.map_err(|error| from_store(error, location))
    }

    /// Writes a file that must not exist yet.
    pub async fn put_new(&self, location: &str, bytes: Bytes) -> Result<()> {
        let place = self.place(location)?;
        // S3 look-alikes often know no conditional put; names carry a UUID, so a plain put loses nothing there.
        let mode = if location_is_local(location) { PutMode::Create } else { PutMode::Overwrite };
        let options = PutOptions { mode, ..PutOptions::default() };
        place.store.put_opts(&place.path, bytes.into(), options).await.map_err(|error| from_store(error, location))?;
        Ok(())
    }

    /// Makes a folder where folders are made; an object store has none.
    pub async fn make_folder(&self, location: &str) -> Result<()> {
        if !location_is_local(location) {
            return Ok(());
        }
        let path = format!("/{}", self.place(location)?.path);
        tokio::fs::create_dir_all(&path)
            .await
            .map_err(|error| Error::message(Kind::Operation, format!("folder `{path}` cannot be made: {error}")))
    }

    /// Deletes a file; one that is gone already is no error.
    pub async fn delete(&self, location: &str) -> Result<()> {
        let place = self.place(location)?;
        match place.store.delete(&place.path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(from_store(error, location)),
        }
    }

    /// Deletes what it can and logs what it cannot: for files nobody refers to.
    pub async fn delete_quietly(&self, locations: impl IntoIterator<Item = String>) {
        futures::stream::iter(locations)
            .for_each_concurrent(DELETE_CONCURRENCY, |location| async move {
                if let Err(error) = self.delete(&location).await {
                    tracing::warn!(location, %error, "unreferenced file was not deleted");
                }
            })
            .await;
    }

    /// Every file under a location, with its full location.
    pub async fn list(&self, location: &str) -> Result<Vec<(String, ObjectMeta)>> {
        let place = self.place(location)?;
        let root = location.strip_suffix(&*place.path.to_string()).unwrap_or(location).to_string();
        let found: Vec<ObjectMeta> =
            place.store.list(Some(&place.path)).try_collect().await.map_err(|error| from_store(error, location))?;
        Ok(found.into_iter().map(|meta| (format!("{root}{}", meta.location), meta)).collect())
    }

    /// How a location in S3 is reached, for a reader that does it itself; `None` for another place, and where only the
    /// environment knows the keys.
    ///
    /// # Errors
    /// When keys that end could not be fetched anew.
    pub async fn s3_access(&self, location: &str) -> Result<Option<S3Access>> {
        let parsed = Parsed::of(location)?;
        if parsed.scheme != Scheme::S3 {
            return Ok(None);
        }
        let keys = self.opened(&parsed, location)?.keys;
        s3::access(&self.properties(self.credentials(location)), keys.as_deref()).await
    }

    fn store(&self, parsed: &Parsed, location: &str) -> Result<Arc<dyn ObjectStore>> {
        Ok(self.opened(parsed, location)?.store)
    }

    fn opened(&self, parsed: &Parsed, location: &str) -> Result<Opened> {
        let credentials = self.credentials(location);
        let key = format!("{}|{}", parsed.authority, credentials.map_or("", |found| &found.prefix));
        if let Some(opened) = self.0.stores.lock().get(&key) {
            return Ok(opened.clone());
        }
        let opened = match parsed.scheme {
            Scheme::Local => Opened { store: Arc::new(LocalFileSystem::new()), keys: None },
            Scheme::S3 => {
                let prefix = credentials.map(|found| found.prefix.clone());
                s3::open(&parsed.authority, &self.properties(credentials), prefix, self.0.source.clone())?
            }
        };
        self.0.stores.lock().insert(key, opened.clone());
        Ok(opened)
    }

    fn credentials(&self, location: &str) -> Option<&Credentials> {
        let matching = self.0.vended.iter().filter(|found| location.starts_with(&found.prefix));
        matching.max_by_key(|found| found.prefix.len())
    }

    /// The properties that hold for a location: the catalog's, and over them what it lent.
    fn properties(&self, credentials: Option<&Credentials>) -> BTreeMap<String, String> {
        let mut properties = self.0.properties.clone();
        properties.extend(credentials.map(|found| found.properties.clone()).unwrap_or_default());
        properties
    }

    /// Local files share DataFusion's own store; any other store gets a scheme of its own, because two tables may reach
    /// one bucket with different credentials.
    fn url(&self, parsed: &Parsed) -> Result<ObjectStoreUrl> {
        if parsed.scheme == Scheme::Local {
            return Ok(ObjectStoreUrl::local_filesystem());
        }
        let mut hasher = DefaultHasher::new();
        self.0.scope.hash(&mut hasher);
        let text = format!("iceberg-{:016x}://{}", hasher.finish(), parsed.authority);
        Ok(ObjectStoreUrl::parse(text)?)
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("scope", &self.0.scope).finish_non_exhaustive()
    }
}

/// True for locations in this machine's file system.
pub fn location_is_local(location: &str) -> bool {
    location.starts_with('/') || location.starts_with("file:")
}

/// A directory as a location, `file:///…`, made absolute.
pub fn directory_location(directory: &FsPath) -> Result<String> {
    let absolute: PathBuf = std::path::absolute(directory)
        .map_err(|error| Error::message(Kind::Operation, format!("directory {}: {error}", directory.display())))?;
    Ok(format!("file://{}", absolute.to_string_lossy()))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Local,
    S3,
}

struct Parsed {
    scheme: Scheme,
    authority: String,
    path: String,
}

impl Parsed {
    /// Hadoop writes local paths in three ways, `/a`, `file:/a` and `file:///a`; all three are in real metadata.
    fn of(location: &str) -> Result<Self> {
        if let Some(rest) = location.strip_prefix("file:") {
            let path = rest.trim_start_matches('/').to_string();
            return Ok(Self { scheme: Scheme::Local, authority: String::new(), path });
        }
        if let Some(rest) = location.strip_prefix('/') {
            return Ok(Self { scheme: Scheme::Local, authority: String::new(), path: rest.to_string() });
        }
        let Some((scheme, rest)) = location.split_once("://") else {
            return Err(Error::message(Kind::Operation, format!("location `{location}` has no scheme")));
        };
        if !matches!(scheme, "s3" | "s3a" | "s3n") {
            return Err(Error::unsupported(format!("storage scheme `{scheme}` (of location `{location}`)")));
        }
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let path = key.trim_matches('/').to_string();
        Ok(Self { scheme: Scheme::S3, authority: bucket.to_string(), path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hadoop_spellings_of_a_local_path_are_one() -> Result<()> {
        let storage = Storage::new("t", BTreeMap::new());
        for spelling in ["/tmp/a/b%2Fc", "file:/tmp/a/b%2Fc", "file:///tmp/a/b%2Fc"] {
            assert_eq!(storage.place(spelling)?.path.to_string(), "tmp/a/b%2Fc");
        }
        Ok(())
    }

    #[test]
    fn unknown_scheme_is_named() {
        let error = Storage::new("t", BTreeMap::new()).place("gs://bucket/x").err();
        assert!(error.is_some_and(|error| error.to_string().contains("`gs`")));
    }

    #[tokio::test]
    async fn escaped_names_stay_as_written() -> Result<()> {
        let directory = tempfile::tempdir().map_err(|error| Error::internal(error.to_string()))?;
        let root = directory_location(directory.path())?;
        let storage = Storage::new("t", BTreeMap::new());
        let location = format!("{root}/p=a%2Fb/x.bin");
        storage.put_new(&location, Bytes::from_static(b"x")).await?;
        assert!(directory.path().join("p=a%2Fb/x.bin").exists());
        let listed = storage.list(&root).await?;
        assert_eq!(listed.first().map(|(found, _)| found.as_str()), Some(location.as_str()));
        Ok(())
    }
}
