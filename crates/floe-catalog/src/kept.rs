//! What a namespace keeps in properties of its own, because Iceberg's catalogs know no such things: tables over files and
//! functions. Each is a property, its kind before its name; nobody is shown them as properties.

use floe_base::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A kind of thing that is kept so.
pub(crate) trait Kept: Serialize + DeserializeOwned {
    /// The properties that hold one begin so; its name follows.
    const PREFIX: &'static str;
    /// For errors.
    const WHAT: &'static str;

    fn written(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::internal(error.to_string()))
    }

    fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| Error::internal(format!("{} is not kept as it should be: {error}", Self::WHAT)))
    }

    /// The property that keeps the thing of this name; names differ in letters' case only by mistake.
    fn key(name: &str) -> String {
        format!("{}{}", Self::PREFIX, name.to_lowercase())
    }

    /// The name of what a property keeps, if it keeps one of these.
    fn name(key: &str) -> Option<&str> {
        key.strip_prefix(Self::PREFIX)
    }
}
