//! Tables over files (`CREATE TABLE … USING csv LOCATION '…'`): what a catalog keeps of them.
//!
//! Iceberg's catalogs know no such tables, so the schema they are in keeps each in a property of its own. Opening the
//! files is the caller's, by [`super::open`].

use std::collections::BTreeSet;

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
    /// The columns as DDL, where they were given; those of `partitioned_by` stand last.
    pub schema: Option<String>,
    /// The columns of `PARTITIONED BY`, whose values stand in the names of folders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partitioned_by: Vec<String>,
    /// The folders below the path that are known to be partitions (`day=2024-01-01/hour=7`). Others are not read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub partitions: BTreeSet<String>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_kept_before_there_were_partitions_are_still_read() -> Result<()> {
        let old = r#"{"format":"csv","path":"/d","options":[["header","true"]],"schema":"a INT"}"#;
        let kept = Registered::read(old)?;
        assert!(kept.partitioned_by.is_empty() && kept.partitions.is_empty());
        assert_eq!(kept.written()?, old);
        Ok(())
    }

    #[test]
    fn partitions_are_kept() -> Result<()> {
        let kept = Registered {
            format: "csv".into(),
            path: "/d".into(),
            options: Vec::new(),
            schema: Some("a INT, k INT".into()),
            partitioned_by: vec!["k".into()],
            partitions: BTreeSet::from(["k=1".into()]),
        };
        assert_eq!(Registered::read(&kept.written()?)?, kept);
        Ok(())
    }
}
