//! S3: the store of a bucket, its keys, which may end and are fetched anew, and what another reader has to know to reach it.
//!
//! Not here: which properties and lent credentials hold for a location (`storage.rs`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use floe_base::secret::{Fingerprint, Secret};
use floe_base::{Error, Kind, Result};
use object_store::CredentialProvider;
use object_store::aws::{AmazonS3Builder, AwsCredential};

use super::{Opened, VendedCredentials};
use crate::error::from_store;

/// How the files of a bucket are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Access {
    /// `http://host:port`; `None`: Amazon's.
    pub endpoint: Option<String>,
    pub region: Option<String>,
    /// The bucket stands in the path of an address, not in its host.
    pub is_path_style: bool,
    /// `None`: requests are not signed.
    pub keys: Option<S3Keys>,
}

/// Access keys, valid for five minutes at the least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Keys {
    pub id: String,
    pub secret: Secret,
    pub token: Option<Secret>,
}

impl S3Access {
    /// Tells these keys from others, and shows none.
    pub fn fingerprint(&self) -> Fingerprint {
        let words = self.keys.iter().flat_map(|keys| {
            let token = keys.token.as_ref().map_or("", Secret::reveal);
            [keys.id.as_str(), keys.secret.reveal(), token]
        });
        Fingerprint::of(&words.collect::<Vec<_>>().join("\n"))
    }

    /// Whether the files are the same store's, whoever asks for them.
    pub fn is_same_store(&self, other: &Self) -> bool {
        (&self.endpoint, &self.region) == (&other.endpoint, &other.region)
    }
}

/// The store of a bucket. `prefix` tells which of the credentials the source lends are meant.
pub(super) fn open(
    bucket: &str,
    properties: &BTreeMap<String, String>,
    prefix: Option<String>,
    source: Option<Arc<dyn VendedCredentials>>,
) -> Result<Opened> {
    let get = |key: &str| properties.get(key).map(String::as_str);
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
    // Else the environment's.
    if let Some(region) = region(properties) {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = get("s3.endpoint") {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    builder = builder.with_virtual_hosted_style_request(!is_path_style(properties));
    let mut keys = None;
    if is_anonymous(properties) {
        builder = builder.with_skip_signature(true);
    } else if let Some(first) = Keys::of(properties) {
        let provider = Arc::new(ExpiringKeys { current: tokio::sync::Mutex::new(first), prefix, source });
        keys = Some(Arc::clone(&provider));
        builder = builder.with_credentials(provider);
    }
    let built = builder.build().map_err(|error| from_store(error, &format!("s3://{bucket}")))?;
    Ok(Opened { store: Arc::new(built), keys })
}

/// The same for another reader; `None` where only the environment knows the keys.
pub(super) async fn access(
    properties: &BTreeMap<String, String>,
    keys: Option<&ExpiringKeys>,
) -> Result<Option<S3Access>> {
    let keys = match keys {
        None if !is_anonymous(properties) => return Ok(None),
        None => None,
        Some(keys) => {
            let failed = |error| Error::message(Kind::Operation, "keys to S3 could not be had").caused_by(error);
            let current = keys.get_credential().await.map_err(failed)?;
            let (id, secret) = (current.key_id.clone(), Secret::new(current.secret_key.clone()));
            Some(S3Keys { id, secret, token: current.token.clone().map(Secret::new) })
        }
    };
    let endpoint = properties.get("s3.endpoint").cloned();
    let region = region(properties).map(str::to_string);
    Ok(Some(S3Access { endpoint, region, is_path_style: is_path_style(properties), keys }))
}

fn region(properties: &BTreeMap<String, String>) -> Option<&str> {
    properties.get("client.region").or(properties.get("s3.region")).map(String::as_str)
}

/// A store that is not Amazon's seldom has a host for each bucket.
fn is_path_style(properties: &BTreeMap<String, String>) -> bool {
    let is_asked = properties.get("s3.path-style-access").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    is_asked || properties.contains_key("s3.endpoint")
}

fn is_anonymous(properties: &BTreeMap<String, String>) -> bool {
    properties.get("s3.allow-anonymous").is_some_and(|value| value == "true")
}

/// Access keys and when they end.
#[derive(Clone)]
pub(super) struct Keys {
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
pub(super) struct ExpiringKeys {
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
