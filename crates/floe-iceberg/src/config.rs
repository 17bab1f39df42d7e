//! What a catalog is told about itself, in the key names Spark and Iceberg use.
//!
//! `spark.sql.catalog.<name>.*` arrives here without its prefix. Unknown keys are kept and handed on (`s3.*`,
//! `header.*`), because a Spark cluster upstream gets the same map.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use floe_base::secret::is_secret_key;
use floe_base::{Error, Kind, Result, Secret};

/// Which of the two catalogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatalogKind {
    /// SQLite and a directory, in this process.
    Embedded,
    /// An Iceberg REST server.
    Rest,
}

/// A catalog's name and properties. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct CatalogConfig {
    pub name: String,
    pub kind: CatalogKind,
    properties: BTreeMap<String, String>,
}

impl CatalogConfig {
    /// Reads properties as Spark writes them: `type=rest|embedded|jdbc`, or `catalog-impl` with the class name.
    ///
    /// `jdbc` is understood for `jdbc:sqlite:` addresses, which is the embedded catalog's own form.
    ///
    /// # Errors
    /// A kind of catalog we do not have is named in the error.
    pub fn from_properties(name: impl Into<String>, properties: BTreeMap<String, String>) -> Result<Self> {
        let name = name.into();
        let kind = kind(&name, &properties)?;
        Ok(Self { name, kind, properties })
    }

    /// The embedded catalog in a directory: `<directory>/catalog.db` and `<directory>/warehouse`.
    pub fn embedded(name: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        let properties = BTreeMap::from([
            ("type".into(), "embedded".into()),
            ("uri".into(), directory.join("catalog.db").to_string_lossy().into_owned()),
            ("warehouse".into(), directory.join("warehouse").to_string_lossy().into_owned()),
        ]);
        Self { name: name.into(), kind: CatalogKind::Embedded, properties }
    }

    /// An embedded catalog that ends with the process: for tests.
    pub fn in_memory(name: impl Into<String>) -> Self {
        let properties = BTreeMap::from([("type".into(), "embedded".into()), ("uri".into(), ":memory:".into())]);
        Self { name: name.into(), kind: CatalogKind::Embedded, properties }
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.properties.get(key).map(String::as_str)
    }

    pub fn properties(&self) -> &BTreeMap<String, String> {
        &self.properties
    }

    /// A value that must not be shown.
    pub fn secret(&self, key: &str) -> Option<Secret> {
        self.get(key).map(Secret::new)
    }

    /// A boolean property; anything but `true` is false, as in Java's `Boolean.parseBoolean`.
    pub fn flag(&self, key: &str, default: bool) -> bool {
        self.get(key).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    /// Every property under `prefix`, the prefix taken off.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.properties.iter().filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, value.as_str())))
    }
}

impl fmt::Debug for CatalogConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        map.entry(&"name", &self.name).entry(&"kind", &self.kind);
        for (key, value) in &self.properties {
            // Authorization and cookie headers carry no telling word in their names.
            let hidden = is_secret_key(key) || key.starts_with("header.");
            map.entry(key, if hidden { &"***" } else { value });
        }
        map.finish()
    }
}

fn kind(name: &str, properties: &BTreeMap<String, String>) -> Result<CatalogKind> {
    let word = match (properties.get("type"), properties.get("catalog-impl")) {
        (Some(kind), _) => kind.to_ascii_lowercase(),
        (None, Some(class)) if class.ends_with("RESTCatalog") => "rest".into(),
        (None, Some(class)) if class.ends_with("JdbcCatalog") => "jdbc".into(),
        (None, Some(class)) => class.clone(),
        (None, None) if properties.get("uri").is_some_and(|uri| uri.starts_with("http")) => "rest".into(),
        (None, None) => "embedded".into(),
    };
    let uri = properties.get("uri").map_or("", String::as_str);
    match word.as_str() {
        "rest" if uri.is_empty() => Err(Error::message(
            Kind::IllegalArgument,
            format!("catalog `{name}` has type rest and no address; set spark.sql.catalog.{name}.uri"),
        )),
        "rest" => Ok(CatalogKind::Rest),
        "embedded" => Ok(CatalogKind::Embedded),
        "jdbc" if uri.starts_with("jdbc:sqlite:") => Ok(CatalogKind::Embedded),
        other => Err(Error::unsupported(format!("catalog `{name}` of type `{other}` (rest and embedded are)"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<CatalogConfig> {
        let properties = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        CatalogConfig::from_properties("lake", properties)
    }

    #[test]
    fn class_names_say_the_kind() {
        let rest = config(&[("catalog-impl", "org.apache.iceberg.rest.RESTCatalog"), ("uri", "http://localhost")]);
        assert_eq!(rest.map(|config| config.kind).ok(), Some(CatalogKind::Rest));
        let jdbc = config(&[("type", "jdbc"), ("uri", "jdbc:sqlite:/tmp/a.db")]);
        assert_eq!(jdbc.map(|config| config.kind).ok(), Some(CatalogKind::Embedded));
        assert!(config(&[("type", "hive")]).is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        let pairs =
            [("uri", "http://h"), ("credential", "id:s3cr3t"), ("token", "t0k"), ("header.Authorization", "B x1")];
        let shown = format!("{:?}", config(&pairs));
        for secret in ["s3cr3t", "t0k", "x1"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
