//! Metadata files: where they stand, how they are read and written.
//!
//! The names follow Iceberg's Java library, `metadata/00003-<uuid>.metadata.json`, optionally gzipped. Parsed metadata is
//! kept by location for the whole process: a location never changes its content.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use floe_base::{Error, Kind, Result};
use iceberg::spec::TableMetadata;
use moka::sync::Cache;
use serde_json::Value;
use uuid::Uuid;

use crate::storage::Storage;

/// Bytes of metadata kept in memory, counted as JSON: parsed it takes about as much.
const CACHE_BYTES: u64 = 128 * 1024 * 1024;

/// Metadata, and the size of its JSON.
type Parsed = (Arc<TableMetadata>, u32);

static PARSED: LazyLock<Cache<String, Parsed>> =
    LazyLock::new(|| Cache::builder().max_capacity(CACHE_BYTES).weigher(|_, (_, bytes): &Parsed| *bytes).build());

/// Types of format version 3 that the library below has no name for; a table with one cannot be opened.
const UNKNOWN_TYPES: &[&str] = &["variant", "unknown", "geometry", "geography"];

/// The table's metadata at a location.
pub async fn read(storage: &Storage, location: &str) -> Result<Arc<TableMetadata>> {
    if let Some((known, _)) = PARSED.get(location) {
        return Ok(known);
    }
    let bytes = storage.get(location).await?;
    let metadata = Arc::new(parse(&bytes, location)?);
    remember(location, &metadata, bytes.len());
    Ok(metadata)
}

/// Writes metadata to a new location and remembers it.
pub async fn write(storage: &Storage, location: &str, metadata: &Arc<TableMetadata>) -> Result<()> {
    let bytes = encode(metadata.as_ref(), location)?;
    let size = bytes.len();
    storage.put_new(location, bytes).await?;
    remember(location, metadata, size);
    Ok(())
}

fn remember(location: &str, metadata: &Arc<TableMetadata>, bytes: usize) {
    // A packed file is a tenth of its JSON or so.
    let bytes = if location.ends_with(".gz.metadata.json") { bytes.saturating_mul(10) } else { bytes };
    let size = u32::try_from(bytes).unwrap_or(u32::MAX);
    PARSED.insert(location.to_string(), (Arc::clone(metadata), size));
}

/// JSON text of metadata, gzipped where the name says so.
pub fn encode<T: serde::Serialize>(metadata: &T, location: &str) -> Result<Bytes> {
    let json =
        serde_json::to_vec(metadata).map_err(|error| Error::internal(format!("metadata is not JSON: {error}")))?;
    if !location.ends_with(".gz.metadata.json") {
        return Ok(json.into());
    }
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    let packed = encoder.write_all(&json).and_then(|()| encoder.finish());
    packed.map(Bytes::from).map_err(|error| Error::internal(format!("metadata cannot be compressed: {error}")))
}

fn parse(bytes: &[u8], location: &str) -> Result<TableMetadata> {
    let json: Value = parse_json(bytes, location)?;
    table_metadata(json).map_err(|error| {
        Error::message(Kind::Operation, format!("table metadata `{location}` cannot be read: {}", error.sentence()))
    })
}

/// Table metadata out of JSON, as a file or a REST answer carries it.
///
/// # Errors
/// A type of format version 3 that we do not know is named.
pub fn table_metadata(json: Value) -> Result<TableMetadata> {
    if let Some(name) = UNKNOWN_TYPES.iter().find(|name| mentions_type(&json, name)) {
        return Err(Error::unsupported(format!("Iceberg type `{name}`")));
    }
    serde_json::from_value(upgraded(json)).map_err(|error| Error::message(Kind::Operation, error.to_string()))
}

/// A table upgraded from format version 1 keeps that version's snapshots, without what later versions require; Java reads
/// the sequence number as 0 then, and so do we.
fn upgraded(mut json: Value) -> Value {
    if json.get("format-version") == Some(&Value::from(1)) {
        return json;
    }
    for snapshot in json.get_mut("snapshots").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = snapshot.as_object_mut() {
            fields.entry("sequence-number").or_insert_with(|| Value::from(0));
            fields.entry("summary").or_insert_with(|| serde_json::json!({ "operation": "append" }));
        }
    }
    json
}

/// The JSON of any metadata file, unpacked where it is gzipped.
pub fn parse_json<T: serde::de::DeserializeOwned>(bytes: &[u8], location: &str) -> Result<T> {
    let mut unpacked = Vec::new();
    let json: &[u8] = if bytes.starts_with(&[0x1f, 0x8b]) {
        GzDecoder::new(bytes)
            .read_to_end(&mut unpacked)
            .map_err(|error| Error::message(Kind::Operation, format!("metadata `{location}` is not gzip: {error}")))?;
        &unpacked
    } else {
        bytes
    };
    serde_json::from_slice(json)
        .map_err(|error| Error::message(Kind::Operation, format!("metadata `{location}` is not JSON: {error}")))
}

fn mentions_type(json: &Value, name: &str) -> bool {
    fn walk(value: &Value, name: &str) -> bool {
        match value {
            Value::Object(map) => map.iter().any(|(key, inner)| match inner {
                Value::String(text) if matches!(key.as_str(), "type" | "element" | "key" | "value") => {
                    text == name || text.strip_prefix(name).is_some_and(|rest| rest.starts_with('('))
                }
                _ => walk(inner, name),
            }),
            Value::Array(items) => items.iter().any(|item| walk(item, name)),
            _ => false,
        }
    }
    json.get("schemas").or(json.get("schema")).is_some_and(|schemas| walk(schemas, name))
}

/// The location of a table's first metadata file.
pub fn first_location(table_location: &str, properties: &HashMap<String, String>) -> String {
    numbered(table_location, 0, properties)
}

/// The location after `previous`.
pub fn next_location(table_location: &str, previous: Option<&str>, properties: &HashMap<String, String>) -> String {
    let version = previous.and_then(version_of).map_or(0, |version| version + 1);
    numbered(table_location, version, properties)
}

/// Where a table's metadata, manifests and lists of manifests stand.
pub fn folder(table_location: &str, properties: &HashMap<String, String>) -> String {
    match properties.get("write.metadata.path") {
        Some(path) => path.trim_end_matches('/').to_string(),
        None => format!("{}/metadata", table_location.trim_end_matches('/')),
    }
}

fn numbered(table_location: &str, version: u64, properties: &HashMap<String, String>) -> String {
    let folder = folder(table_location, properties);
    let packed = properties.get("write.metadata.compression-codec").is_some_and(|codec| codec == "gzip");
    let suffix = if packed { ".gz" } else { "" };
    format!("{folder}/{version:05}-{}{suffix}.metadata.json", Uuid::new_v4())
}

/// `…/00012-<uuid>.metadata.json` and Hadoop's `…/v12.metadata.json` are version 12.
fn version_of(location: &str) -> Option<u64> {
    let file = location.rsplit('/').next()?;
    let digits = file.strip_prefix('v').unwrap_or(file);
    digits.split(['-', '.']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_on_in_both_spellings() {
        let next = |previous| next_location("file:///t", Some(previous), &HashMap::new());
        assert!(next("file:///t/metadata/00009-x.metadata.json").contains("/metadata/00010-"));
        assert!(next("file:///t/metadata/v3.gz.metadata.json").contains("/metadata/00004-"));
    }

    #[test]
    fn variant_columns_are_refused_by_name() {
        let json = serde_json::json!({"schemas": [{"fields": [{"id": 1, "name": "v", "type": "variant"}]}]});
        assert!(table_metadata(json).is_err_and(|error| error.to_string().contains("`variant`")));
    }
}
