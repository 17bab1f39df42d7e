//! Procedures that point a branch somewhere else; no file is written or deleted.

use floe_base::{Error, Kind, Result};
use iceberg::spec::{MAIN_BRANCH, SnapshotRef, SnapshotReference, SnapshotRetention};
use iceberg::{TableRequirement, TableUpdate};

use crate::commit::update_metadata;
use crate::table::Table;

/// Where a branch stood and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub from: Option<i64>,
    pub to: i64,
}

/// `rollback_to_snapshot`: back to a snapshot the current one came from.
///
/// # Errors
/// A snapshot the table does not have, or that is no ancestor.
pub async fn rollback_to_snapshot(table: &Table, snapshot_id: i64) -> Result<Moved> {
    known(table, snapshot_id)?;
    let current = table.metadata.current_snapshot_id();
    if !ancestors(table, current).iter().any(|snapshot| snapshot.snapshot_id() == snapshot_id) {
        let text = format!("Cannot roll back to snapshot, not an ancestor of the current state: {snapshot_id}");
        return Err(Error::message(Kind::Validation, text));
    }
    point(table, MAIN_BRANCH, snapshot_id).await
}

/// `rollback_to_timestamp`: back to the newest ancestor older than a time.
///
/// # Errors
/// A time before the table's first snapshot.
pub async fn rollback_to_timestamp(table: &Table, timestamp_ms: i64) -> Result<Moved> {
    let ancestors = ancestors(table, table.metadata.current_snapshot_id());
    let older = ancestors.iter().filter(|snapshot| snapshot.timestamp_ms() < timestamp_ms);
    let Some(found) = older.max_by_key(|snapshot| snapshot.timestamp_ms()) else {
        let text = format!("Cannot roll back, no valid snapshot older than: {timestamp_ms}");
        return Err(Error::message(Kind::IllegalArgument, text));
    };
    point(table, MAIN_BRANCH, found.snapshot_id()).await
}

/// `set_current_snapshot`: any snapshot of the table, or what a branch or tag stands at.
///
/// # Errors
/// Neither or both of the two given, and what does not exist.
pub async fn set_current(table: &Table, snapshot_id: Option<i64>, reference: Option<&str>) -> Result<Moved> {
    let snapshot_id = match (snapshot_id, reference) {
        (Some(id), None) => id,
        (None, Some(name)) => match table.refs().remove(name) {
            Some(found) => found.snapshot_id,
            None => {
                let text = format!("Cannot find matching snapshot ID for ref {name}");
                return Err(Error::message(Kind::Validation, text));
            }
        },
        _ => {
            let text = "Either snapshot_id or ref must be provided, not both";
            return Err(Error::message(Kind::IllegalArgument, text));
        }
    };
    known(table, snapshot_id)?;
    point(table, MAIN_BRANCH, snapshot_id).await
}

/// `fast_forward`: a branch to where a branch or tag that came from it stands; a branch that is not there is made.
///
/// # Errors
/// A ref that does not exist, and one that did not come from the branch.
pub async fn fast_forward(table: &Table, branch: &str, to: &str) -> Result<Moved> {
    let mut refs = table.refs();
    let Some(target) = refs.remove(to) else {
        return Err(Error::message(Kind::IllegalArgument, format!("Ref does not exist: {to}")));
    };
    if let Some(existing) = refs.remove(branch) {
        if !existing.is_branch() {
            return Err(Error::message(Kind::IllegalArgument, format!("Ref {branch} is not a branch")));
        }
        let line = ancestors(table, Some(target.snapshot_id));
        if !line.iter().any(|snapshot| snapshot.snapshot_id() == existing.snapshot_id) {
            let text = format!("Cannot fast-forward: {branch} is not an ancestor of {to}");
            return Err(Error::message(Kind::IllegalArgument, text));
        }
    }
    point(table, branch, target.snapshot_id).await
}

/// `ancestors_of`: a snapshot and those before it, newest first; of the current one when `None`.
pub fn ancestors_of(table: &Table, snapshot_id: Option<i64>) -> Vec<SnapshotRef> {
    ancestors(table, snapshot_id.or(table.metadata.current_snapshot_id()))
}

/// A snapshot and those before it. Metadata that names a snapshot its own ancestor does not turn it forever.
pub(super) fn ancestors(table: &Table, start: Option<i64>) -> Vec<SnapshotRef> {
    let mut found: Vec<SnapshotRef> = Vec::new();
    let mut next = start.and_then(|id| table.metadata.snapshot_by_id(id)).cloned();
    while let Some(snapshot) = next.filter(|_| found.len() < table.metadata.snapshots().len()) {
        next = snapshot.parent_snapshot_id().and_then(|id| table.metadata.snapshot_by_id(id)).cloned();
        found.push(snapshot);
    }
    found
}

fn known(table: &Table, snapshot_id: i64) -> Result<()> {
    if table.metadata.snapshot_by_id(snapshot_id).is_some() {
        return Ok(());
    }
    let text = format!("Cannot roll back to unknown snapshot id: {snapshot_id}");
    Err(Error::message(Kind::Validation, text))
}

/// The branch keeps how long it and its snapshots are kept.
async fn point(table: &Table, branch: &str, snapshot_id: i64) -> Result<Moved> {
    let existing = table.refs().remove(branch);
    let from = existing.as_ref().map(|found| found.snapshot_id);
    let unchanged = TableRequirement::RefSnapshotIdMatch { r#ref: branch.to_string(), snapshot_id: from };
    let retention = existing.map_or_else(|| SnapshotRetention::branch(None, None, None), |found| found.retention);
    let reference = SnapshotReference::new(snapshot_id, retention);
    let update = TableUpdate::SetSnapshotRef { ref_name: branch.to_string(), reference };
    update_metadata(table, vec![unchanged], vec![update]).await?;
    Ok(Moved { from, to: snapshot_id })
}
