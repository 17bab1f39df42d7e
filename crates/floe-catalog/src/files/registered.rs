//! Tables over files (`CREATE TABLE … USING csv LOCATION '…'`): what a catalog keeps of them.
//!
//! Iceberg's catalogs know no such tables, so the schema they are in keeps each in a property of its own. Opening the
//! files is the caller's, by [`super::open`].

use floe_base::{Error, Result};
use serde::{Deserialize, Serialize};

/// The properties of a namespace that hold a table begin so; its name follows.
const PREFIX: &str = "floe.files.";

/// A table over files, as it was created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    pub format: String,
    pub path: String,
    pub options: Vec<(String, String)>,
    /// The columns as DDL, where they were given.
    pub schema: Option<String>,
}

impl Registered {
    pub(crate) fn written(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::internal(error.to_string()))
    }

    pub(crate) fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| Error::internal(format!("a table over files is not kept as it should be: {error}")))
    }
}

/// The property that keeps a table; names differ in letters' case only by mistake.
pub(crate) fn key(name: &str) -> String {
    format!("{PREFIX}{}", name.to_lowercase())
}

/// The table a property keeps, if it keeps one.
pub(crate) fn name(key: &str) -> Option<&str> {
    key.strip_prefix(PREFIX)
}
