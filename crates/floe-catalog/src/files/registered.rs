//! Tables over files (`CREATE TABLE … USING csv LOCATION '…'`): what a catalog keeps of them.
//!
//! The schema they are in keeps each in a property of its own ([`crate::kept`]). Opening the files is the caller's, by
//! [`super::open`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::kept::Kept;

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

impl Kept for Registered {
    const PREFIX: &'static str = "floe.files.";
    const WHAT: &'static str = "a table over files";
}

#[cfg(test)]
mod tests {
    use floe_base::Result;

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
