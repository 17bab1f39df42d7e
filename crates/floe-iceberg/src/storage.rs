//! Files by their Iceberg location (`file:///…`, `s3://…`), through object_store.
//!
//! One [`Storage`] belongs to one table (its credentials may be the table's own) and serves metadata and data alike: raw
//! bytes for metadata and manifests, and a store with an address of its own for DataFusion's scans and our writers.
//! Iceberg files never change once written, so nothing here asks for a file's age.

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
use object_store::aws::{AmazonS3Builder, AwsCredential};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{CredentialProvider, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use parking_lot::Mutex;
use url::Url;

use crate::error::from_store;

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
    stores: Mutex<HashMap<String, Arc<dyn ObjectStore>>>,
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

    fn store(&self, parsed: &Parsed, location: &str) -> Result<Arc<dyn ObjectStore>> {
        let credentials = self.credentials(location);
        let key = format!("{}|{}", parsed.authority, credentials.map_or("", |found| &found.prefix));
        if let Some(store) = self.0.stores.lock().get(&key) {
            return Ok(Arc::clone(store));
        }
        let store: Arc<dyn ObjectStore> = match parsed.scheme {
            Scheme::Local => Arc::new(LocalFileSystem::new()),
            Scheme::S3 => self.s3(&parsed.authority, credentials)?,
        };
        self.0.stores.lock().insert(key, Arc::clone(&store));
        Ok(store)
    }

    fn credentials(&self, location: &str) -> Option<&Credentials> {
        let matching = self.0.vended.iter().filter(|found| location.starts_with(&found.prefix));
        matching.max_by_key(|found| found.prefix.len())
    }

    fn s3(&self, bucket: &str, credentials: Option<&Credentials>) -> Result<Arc<dyn ObjectStore>> {
        let mut properties = self.0.properties.clone();
        if let Some(found) = credentials {
            properties.extend(found.properties.clone());
        }
        let get = |key: &str| properties.get(key).map(String::as_str);
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        // Else the environment's.
        if let Some(region) = get("client.region").or(get("s3.region")) {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = get("s3.endpoint") {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        let path_style = get("s3.path-style-access").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        builder = builder.with_virtual_hosted_style_request(!path_style && get("s3.endpoint").is_none());
        if get("s3.allow-anonymous").is_some_and(|value| value == "true") {
            builder = builder.with_skip_signature(true);
        } else if let Some(first) = Keys::of(&properties) {
            let provider = ExpiringKeys {
                current: tokio::sync::Mutex::new(first),
                prefix: credentials.map(|found| found.prefix.clone()),
                source: self.0.source.clone(),
            };
            builder = builder.with_credentials(Arc::new(provider));
        }
        let built = builder.build().map_err(|error| from_store(error, &format!("s3://{bucket}")))?;
        Ok(Arc::new(built))
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

/// Access keys and when they end.
#[derive(Clone)]
struct Keys {
    credential: Arc<AwsCredential>,
    expires_at_ms: Option<i64>,
}

impl Keys {
    fn of(properties: &BTreeMap<String, String>) -> Option<Self> {
        let key_id = properties.get("s3.access-key-id")?.clone();
        let secret_key = properties.get("s3.secret-access-key")?.clone();
        let token = properties.get("s3.session-token").cloned();
        let expires_at_ms = properties.get("s3.session-token-expires-at-ms").and_then(|text| text.parse().ok());
        Some(Self { credential: Arc::new(AwsCredential { key_id, secret_key, token }), expires_at_ms })
    }

    /// Five minutes early, as Iceberg's own `VendedCredentialsProvider` does.
    fn is_stale(&self) -> bool {
        let soon = chrono::Utc::now().timestamp_millis() + 300_000;
        self.expires_at_ms.is_some_and(|end| end < soon)
    }
}

/// Keys that are asked for anew before they end; the lock makes it one request for all readers.
struct ExpiringKeys {
    current: tokio::sync::Mutex<Keys>,
    prefix: Option<String>,
    source: Option<Arc<dyn VendedCredentials>>,
}

impl fmt::Debug for ExpiringKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExpiringKeys(***)")
    }
}

#[async_trait]
impl CredentialProvider for ExpiringKeys {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut current = self.current.lock().await;
        let Some(source) = self.source.as_ref().filter(|_| current.is_stale()) else {
            return Ok(Arc::clone(&current.credential));
        };
        let fresh = source
            .refresh()
            .await
            .map_err(|error| object_store::Error::Generic { store: "S3", source: Box::new(error) })?;
        let ours = fresh.into_iter().find(|found| Some(&found.prefix) == self.prefix.as_ref());
        if let Some(keys) = ours.and_then(|found| Keys::of(&found.properties)) {
            *current = keys;
        }
        Ok(Arc::clone(&current.credential))
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
