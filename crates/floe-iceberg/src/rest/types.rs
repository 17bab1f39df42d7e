//! Answers of a REST server, as far as we read them (Iceberg `rest-catalog-open-api.yaml`).

use std::collections::BTreeMap;

use iceberg::spec::ViewMetadata;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::catalog::Properties;
use crate::storage::Credentials;

/// `LoadTableResult` and `CommitTableResponse`, which has fewer fields.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LoadTable {
    pub(super) metadata_location: Option<String>,
    /// Kept as it is: types we do not know are named before it is parsed.
    pub(super) metadata: Value,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) config: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "credentials")]
    pub(super) storage_credentials: Vec<Credentials>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct CredentialsAnswer {
    #[serde(default, deserialize_with = "credentials")]
    pub(super) storage_credentials: Vec<Credentials>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct LoadView {
    pub(super) metadata_location: Option<String>,
    pub(super) metadata: ViewMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Namespaces {
    #[serde(default)]
    pub(super) namespaces: Vec<Vec<String>>,
    pub(super) next_page_token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct NamespaceAnswer {
    pub(super) properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Identifiers {
    #[serde(default)]
    pub(super) identifiers: Vec<Name>,
    pub(super) next_page_token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Name {
    pub(super) name: String,
}

#[derive(Deserialize)]
struct RawCredentials {
    prefix: String,
    config: BTreeMap<String, String>,
}

fn credentials<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Credentials>, D::Error> {
    let raw: Option<Vec<RawCredentials>> = Option::deserialize(from)?;
    let made = raw.unwrap_or_default().into_iter();
    Ok(made.map(|found| Credentials { prefix: found.prefix, properties: found.config }).collect())
}

fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
