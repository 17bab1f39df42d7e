//! `expire_snapshots`: forgets old snapshots and deletes the files only they refer to.
//!
//! Which snapshots and refs go is decided as Iceberg 1.11's `RemoveSnapshots` decides it. Files are deleted after the commit,
//! and only when it is known to have been applied; what cannot be deleted is logged and left.

use std::collections::{HashMap, HashSet};

use floe_base::{Error, Kind, Result};
use iceberg::spec::{DataContentType, MAIN_BRANCH, Snapshot, SnapshotReference, SnapshotRetention};
use iceberg::{TableRequirement, TableUpdate};

use super::moves::ancestors;
use crate::commit::update_metadata;
use crate::manifest;
use crate::table::Table;

/// Iceberg 1.11 `TableProperties.MAX_SNAPSHOT_AGE_MS_DEFAULT`: five days.
const AGE_MAX_MS: i64 = 5 * 24 * 60 * 60 * 1000;

/// What the statement says; the table's `history.expire.*` where it says nothing.
#[derive(Clone, Debug, Default)]
pub struct Expire {
    pub older_than_ms: Option<i64>,
    pub retain_last: Option<usize>,
    /// These in any case.
    pub snapshot_ids: Vec<i64>,
}

/// How many files were deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    pub data_files: i64,
    pub position_delete_files: i64,
    pub equality_delete_files: i64,
    pub manifests: i64,
    pub manifest_lists: i64,
    pub statistics_files: i64,
}

/// See the module's text.
///
/// # Errors
/// A snapshot to expire that a branch or tag refers to; a table whose files are not to be collected (`gc.enabled`).
pub async fn expire_snapshots(table: &Table, expire: &Expire, now_ms: i64) -> Result<Expired> {
    if property(table, "gc.enabled").is_some_and(|value| value == "false") {
        let text = "Cannot expire snapshots: GC is disabled (deleting files may corrupt other tables)";
        return Err(Error::message(Kind::IllegalArgument, text));
    }
    let (snapshot_ids, dropped) = decide(table, expire, now_ms)?;
    if snapshot_ids.is_empty() && dropped.is_empty() {
        return Ok(Expired::default());
    }
    // Nobody may have put a ref on a snapshot that goes.
    let requirements = table
        .refs()
        .into_iter()
        .map(|(r#ref, at)| TableRequirement::RefSnapshotIdMatch { r#ref, snapshot_id: Some(at.snapshot_id) })
        .collect();
    let mut updates: Vec<TableUpdate> =
        dropped.into_iter().map(|ref_name| TableUpdate::RemoveSnapshotRef { ref_name }).collect();
    let with_statistics = snapshot_ids.iter().filter(|id| table.metadata.statistics_for_snapshot(**id).is_some());
    updates.extend(with_statistics.map(|id| TableUpdate::RemoveStatistics { snapshot_id: *id }));
    if !snapshot_ids.is_empty() {
        updates.push(TableUpdate::RemoveSnapshots { snapshot_ids });
    }
    let after = update_metadata(table, requirements, updates).await?;
    clean(table, &after).await
}

/// Snapshots to forget, and refs to drop because they are too old.
fn decide(table: &Table, expire: &Expire, now_ms: i64) -> Result<(Vec<i64>, Vec<String>)> {
    let number = |key: &str| property(table, key).and_then(|text| text.parse::<i64>().ok());
    let age = number("history.expire.max-snapshot-age-ms").unwrap_or(AGE_MAX_MS);
    let older_than = expire.older_than_ms.unwrap_or_else(|| now_ms.saturating_sub(age));
    let keep = number("history.expire.min-snapshots-to-keep").and_then(|number| usize::try_from(number).ok());
    let keep = expire.retain_last.or(keep).unwrap_or(1);
    let ref_age = number("history.expire.max-ref-age-ms").unwrap_or(i64::MAX);

    let (kept, dropped): (HashMap<_, _>, HashMap<_, _>) =
        table.refs().into_iter().partition(|(name, at)| name == MAIN_BRANCH || is_young(table, at, ref_age, now_ms));
    let mut retained: HashSet<i64> = kept.values().map(|at| at.snapshot_id).collect();
    for id in &expire.snapshot_ids {
        if retained.contains(id) {
            let mut names: Vec<&str> =
                kept.iter().filter(|(_, at)| at.snapshot_id == *id).map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            let text = format!("Cannot expire {id}. Still referenced by refs: [{}]", names.join(", "));
            return Err(Error::message(Kind::IllegalArgument, text));
        }
    }
    let mut referenced = retained.clone();
    for at in kept.values() {
        let SnapshotRetention::Branch { min_snapshots_to_keep, max_snapshot_age_ms, .. } = at.retention else {
            continue;
        };
        let keep = min_snapshots_to_keep.and_then(|number| usize::try_from(number).ok()).unwrap_or(keep);
        let oldest = max_snapshot_age_ms.map_or(older_than, |age| now_ms.saturating_sub(age));
        let line = ancestors(table, Some(at.snapshot_id));
        referenced.extend(line.iter().map(|snapshot| snapshot.snapshot_id()));
        let stays = line.iter().enumerate().take_while(|(place, one)| *place < keep || one.timestamp_ms() >= oldest);
        retained.extend(stays.map(|(_, snapshot)| snapshot.snapshot_id()));
    }
    let asked = |id: i64| expire.snapshot_ids.contains(&id);
    let goes = |snapshot: &Snapshot| {
        let id = snapshot.snapshot_id();
        let young = !referenced.contains(&id) && snapshot.timestamp_ms() >= older_than;
        asked(id) || !(retained.contains(&id) || young)
    };
    let snapshots = table.metadata.snapshots().filter(|snapshot| goes(snapshot)).map(|snapshot| snapshot.snapshot_id());
    Ok((snapshots.collect(), dropped.into_keys().collect()))
}

fn is_young(table: &Table, at: &SnapshotReference, age_max: i64, now_ms: i64) -> bool {
    let own = match at.retention {
        SnapshotRetention::Branch { max_ref_age_ms, .. } | SnapshotRetention::Tag { max_ref_age_ms } => max_ref_age_ms,
    };
    let snapshot = table.metadata.snapshot_by_id(at.snapshot_id);
    snapshot.is_some_and(|snapshot| now_ms.saturating_sub(snapshot.timestamp_ms()) <= own.unwrap_or(age_max))
}

fn property<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.metadata.properties().get(key).map(String::as_str)
}

/// Deletes what `before` refers to and `after` does not.
async fn clean(before: &Table, after: &Table) -> Result<Expired> {
    let kept: HashSet<i64> = after.metadata.snapshots().map(|snapshot| snapshot.snapshot_id()).collect();
    let (stay, go): (Vec<_>, Vec<_>) =
        before.metadata.snapshots().partition(|snapshot| kept.contains(&snapshot.snapshot_id()));
    let stay = Reachable::of(before, stay.into_iter().map(AsRef::as_ref), None).await?;
    let go = Reachable::of(before, go.into_iter().map(AsRef::as_ref), Some(&stay.manifests)).await?;
    let statistics = before.metadata.statistics_iter().filter(|file| !kept.contains(&file.snapshot_id));
    let statistics: Vec<String> = statistics.map(|file| file.statistics_path.clone()).collect();
    let gone = |these: &HashSet<String>, those: &HashSet<String>| these.difference(those).cloned().collect::<Vec<_>>();
    let content: HashMap<&String, DataContentType> =
        go.content.iter().filter(|(path, _)| !stay.content.contains_key(*path)).map(|(path, of)| (path, *of)).collect();
    let lists = gone(&go.lists, &stay.lists);
    let manifests = gone(&go.manifests, &stay.manifests);
    let count = |of: DataContentType| content.values().filter(|found| **found == of).count();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let expired = Expired {
        data_files: number(count(DataContentType::Data)),
        position_delete_files: number(count(DataContentType::PositionDeletes)),
        equality_delete_files: number(count(DataContentType::EqualityDeletes)),
        manifests: number(manifests.len()),
        manifest_lists: number(lists.len()),
        statistics_files: number(statistics.len()),
    };
    let all = content.into_keys().cloned().chain(manifests).chain(lists).chain(statistics);
    before.storage.delete_quietly(all.collect::<Vec<_>>()).await;
    Ok(expired)
}

/// Files some snapshots refer to.
#[derive(Default)]
struct Reachable {
    lists: HashSet<String>,
    manifests: HashSet<String>,
    content: HashMap<String, DataContentType>,
}

impl Reachable {
    /// Manifests in `known` are not read: what is in them stays.
    async fn of(
        table: &Table,
        snapshots: impl Iterator<Item = &Snapshot>,
        known: Option<&HashSet<String>>,
    ) -> Result<Self> {
        let mut found = Self::default();
        for snapshot in snapshots {
            found.lists.insert(snapshot.manifest_list().to_string());
            for file in manifest::list(&table.storage, &table.metadata, snapshot).await?.iter() {
                let is_known = known.is_some_and(|known| known.contains(&file.manifest_path));
                if !found.manifests.insert(file.manifest_path.clone()) || is_known {
                    continue;
                }
                let entries = manifest::entries(&table.storage, file).await?;
                let live = entries.iter().filter(|entry| entry.is_live());
                found.content.extend(live.map(|entry| (entry.path().to_string(), entry.file.content_type())));
            }
        }
        Ok(found)
    }
}
