//! Whether what a statement read is still what the table says.
//!
//! The rules are those of Iceberg 1.11's `BaseOverwriteFiles` as Spark's `SparkWrite` calls it for copy-on-write: under either
//! isolation no deletes may have come since that apply to the files the statement rewrites, under serializable no rows may
//! have been added that it would have looked at. That every rewritten file is still there is `produce.rs`'s to see.

use std::collections::HashSet;
use std::sync::Arc;

use floe_base::{Error, Kind, Result};
use iceberg::spec::{ManifestContentType, ManifestFile, ManifestStatus, Operation, SnapshotRef};

use super::{Isolation, Validate};
use crate::manifest::{self, FileEntry};
use crate::plan::delete_index::DeleteIndex;
use crate::plan::prune::FilePruner;
use crate::table::Table;

/// `rewritten` are the data files the change takes away by path.
///
/// # Errors
/// `Kind::Conflict` naming the file a concurrent commit added.
pub(super) async fn validate(
    base: &Table,
    branch: &str,
    rules: &Validate,
    rewritten: Option<&HashSet<String>>,
) -> Result<()> {
    let concurrent = since(base, branch, rules.since)?;
    if concurrent.is_empty() {
        return Ok(());
    }
    let pruner = FilePruner::new(&base.metadata, base.metadata.current_schema(), &rules.filter)?;
    if rules.isolation == Isolation::Serializable {
        let by = [Operation::Append, Operation::Overwrite];
        let added = added(base, &concurrent, &by, ManifestContentType::Data).await?;
        if let Some(found) = pruner.prune(added)?.first() {
            return Err(conflict("added", found, "may hold rows this statement would have read"));
        }
    }
    let Some(rewritten) = rewritten.filter(|paths| !paths.is_empty()) else { return Ok(()) };
    let by = [Operation::Overwrite, Operation::Delete];
    let deletes = pruner.prune(added(base, &concurrent, &by, ManifestContentType::Deletes).await?)?;
    if deletes.is_empty() {
        return Ok(());
    }
    let index = DeleteIndex::new(&base.metadata, deletes);
    for file in live(base, branch, rewritten).await? {
        if let Some(found) = index.of(&file).first() {
            let what = format!("deletes rows of `{}`, which this statement rewrites", file.path());
            return Err(conflict("added", found, &what));
        }
    }
    Ok(())
}

fn conflict(did: &str, file: &FileEntry, why: &str) -> Error {
    let text = format!(
        "found conflicting files: a concurrent commit (snapshot {}) {did} `{}`, which {why}",
        file.snapshot_id,
        file.path()
    );
    Error::message(Kind::Conflict, text)
}

/// The files that concurrent snapshots of these operations added.
async fn added(
    base: &Table,
    concurrent: &[SnapshotRef],
    by: &[Operation],
    content: ManifestContentType,
) -> Result<Vec<Arc<FileEntry>>> {
    let mut found = Vec::new();
    for snapshot in concurrent.iter().filter(|snapshot| by.contains(&snapshot.summary().operation)) {
        let manifests = manifest::list(&base.storage, &base.metadata, snapshot).await?;
        let own = |file: &&ManifestFile| file.content == content && file.added_snapshot_id == snapshot.snapshot_id();
        for file in manifests.iter().filter(own) {
            let entries = manifest::entries(&base.storage, file).await?;
            let new = |entry: &&Arc<FileEntry>| {
                entry.snapshot_id == snapshot.snapshot_id() && entry.status == ManifestStatus::Added
            };
            found.extend(entries.iter().filter(new).cloned());
        }
    }
    Ok(found)
}

/// The entries of data files that are still there.
async fn live(base: &Table, branch: &str, paths: &HashSet<String>) -> Result<Vec<Arc<FileEntry>>> {
    let Some(snapshot) = base.metadata.snapshot_for_ref(branch) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for file in manifest::list(&base.storage, &base.metadata, snapshot).await?.iter() {
        if file.content == ManifestContentType::Data {
            let entries = manifest::entries(&base.storage, file).await?;
            found.extend(entries.iter().filter(|entry| entry.is_live() && paths.contains(entry.path())).cloned());
        }
    }
    Ok(found)
}

/// The snapshots of a branch after `start`, newest first.
fn since(base: &Table, branch: &str, start: Option<i64>) -> Result<Vec<SnapshotRef>> {
    let mut found = Vec::new();
    let mut next = base.metadata.snapshot_for_ref(branch).cloned();
    while let Some(snapshot) = next {
        if Some(snapshot.snapshot_id()) == start {
            return Ok(found);
        }
        let parent = snapshot.parent_snapshot_id();
        next = parent.and_then(|id| base.metadata.snapshot_by_id(id)).cloned();
        found.push(snapshot);
        if parent.is_some() && next.is_none() {
            break;
        }
    }
    match start {
        None => Ok(found),
        Some(start) => Err(Error::message(
            Kind::Conflict,
            format!(
                "snapshot {start}, which this statement read, is no longer in the history of table `{}`",
                base.ident
            ),
        )),
    }
}
