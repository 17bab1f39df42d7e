//! Whether what a statement read is still what the table says.
//!
//! The rules are those of Iceberg 1.10's `MergingSnapshotProducer` as Spark's `SparkWrite` calls it for copy-on-write: under
//! either isolation no rows the statement looked at may have been deleted since, under serializable none may have been
//! added either. That every rewritten file is still there is `produce.rs`'s to see.

use floe_base::{Error, Kind, Result};
use iceberg::spec::{ManifestContentType, ManifestStatus, Operation, SnapshotRef};

use super::{Isolation, Validate};
use crate::manifest;
use crate::plan::prune::FilePruner;
use crate::table::Table;

/// # Errors
/// `Kind::Conflict` naming the file a concurrent commit added or deleted.
pub(super) async fn validate(base: &Table, branch: &str, rules: &Validate) -> Result<()> {
    let pruner = FilePruner::new(&base.metadata, base.metadata.current_schema(), &rules.filter)?;
    for snapshot in since(base, branch, rules.since)? {
        let manifests = manifest::list(&base.storage, &base.metadata, &snapshot).await?;
        let own = manifests.iter().filter(|manifest| manifest.added_snapshot_id == snapshot.snapshot_id());
        for file in own {
            let forbidden = forbidden(rules.isolation, &snapshot.summary().operation, file.content);
            if forbidden.is_empty() {
                continue;
            }
            let entries = manifest::entries(&base.storage, file).await?;
            let ours = entries
                .iter()
                .filter(|entry| entry.snapshot_id == snapshot.snapshot_id() && forbidden.contains(&entry.status));
            let candidates: Vec<_> = ours.cloned().collect();
            if let Some(found) = pruner.prune(candidates)?.first() {
                let what = if found.status == ManifestStatus::Deleted { "deleted" } else { "added" };
                let text = format!(
                    "found conflicting files: a concurrent commit (snapshot {}) {what} `{}`, whose rows may match what this \
                     statement read",
                    snapshot.snapshot_id(),
                    found.path()
                );
                return Err(Error::message(Kind::Conflict, text));
            }
        }
    }
    Ok(())
}

/// Which entries of a concurrent snapshot's own manifests are in the way.
fn forbidden(isolation: Isolation, operation: &Operation, content: ManifestContentType) -> Vec<ManifestStatus> {
    let mut statuses = Vec::new();
    match content {
        // New deletes, by any writer that deletes rows.
        ManifestContentType::Deletes if *operation != Operation::Replace => statuses.push(ManifestStatus::Added),
        ManifestContentType::Deletes => {}
        ManifestContentType::Data => {
            if isolation == Isolation::Serializable && matches!(operation, Operation::Append | Operation::Overwrite) {
                statuses.push(ManifestStatus::Added);
            }
            if matches!(operation, Operation::Overwrite | Operation::Delete) {
                statuses.push(ManifestStatus::Deleted);
            }
        }
    }
    statuses
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
