//! What a snapshot says about itself (Iceberg 1.10 `SnapshotSummary`).

use std::collections::{HashMap, HashSet};

use iceberg::spec::{DataContentType, DataFile, Snapshot, Struct};

use super::Change;

/// Tells which operation of ours made a snapshot.
pub const OPERATION_ID: &str = "floe.operation-id";
/// What stands in `engine-name`.
pub const ENGINE_NAME: &str = "floe";

/// Files and rows a snapshot adds and removes.
#[derive(Default)]
pub(super) struct Counts {
    added: Side,
    removed: Side,
    partitions: HashSet<Struct>,
    pub(super) manifests_created: u64,
    pub(super) manifests_kept: u64,
    pub(super) manifests_replaced: u64,
}

#[derive(Default)]
struct Side {
    data_files: u64,
    records: u64,
    bytes: u64,
    delete_files: u64,
    position_deletes: u64,
    equality_deletes: u64,
}

impl Side {
    fn count(&mut self, file: &DataFile) {
        self.bytes += file.file_size_in_bytes();
        match file.content_type() {
            DataContentType::Data => {
                self.data_files += 1;
                self.records += file.record_count();
            }
            DataContentType::PositionDeletes => {
                self.delete_files += 1;
                self.position_deletes += file.record_count();
            }
            DataContentType::EqualityDeletes => {
                self.delete_files += 1;
                self.equality_deletes += file.record_count();
            }
        }
    }
}

impl Counts {
    pub(super) fn add(&mut self, file: &DataFile) {
        self.added.count(file);
        self.partitions.insert(file.partition().clone());
    }

    pub(super) fn remove(&mut self, file: &DataFile) {
        self.removed.count(file);
        self.partitions.insert(file.partition().clone());
    }
}

/// The summary's entries. Totals continue the parent's; where the parent has none, there are none.
pub(super) fn summary(change: &Change, counts: &Counts, parent: Option<&Snapshot>) -> HashMap<String, String> {
    let mut entries = HashMap::new();
    let (added, removed) = (&counts.added, &counts.removed);
    let changes = [
        ("added-data-files", added.data_files),
        ("added-records", added.records),
        ("added-files-size", added.bytes),
        ("added-delete-files", added.delete_files),
        ("added-position-deletes", added.position_deletes),
        ("added-equality-deletes", added.equality_deletes),
        ("deleted-data-files", removed.data_files),
        ("deleted-records", removed.records),
        ("removed-files-size", removed.bytes),
        ("removed-delete-files", removed.delete_files),
        ("removed-position-deletes", removed.position_deletes),
        ("removed-equality-deletes", removed.equality_deletes),
        ("changed-partition-count", counts.partitions.len() as u64),
        ("manifests-created", counts.manifests_created),
        ("manifests-kept", counts.manifests_kept),
        ("manifests-replaced", counts.manifests_replaced),
    ];
    for (key, value) in changes {
        if value > 0 || key == "changed-partition-count" || key.starts_with("manifests-") {
            entries.insert(key.to_string(), value.to_string());
        }
    }
    let totals = [
        ("total-records", added.records, removed.records),
        ("total-files-size", added.bytes, removed.bytes),
        ("total-data-files", added.data_files, removed.data_files),
        ("total-delete-files", added.delete_files, removed.delete_files),
        ("total-position-deletes", added.position_deletes, removed.position_deletes),
        ("total-equality-deletes", added.equality_deletes, removed.equality_deletes),
    ];
    for (key, plus, minus) in totals {
        let before = match parent {
            None => Some(0),
            Some(parent) => parent.summary().additional_properties.get(key).and_then(|text| text.parse::<u64>().ok()),
        };
        if let Some(total) = before.and_then(|before| (before + plus).checked_sub(minus)) {
            entries.insert(key.to_string(), total.to_string());
        }
    }
    entries.insert("engine-name".into(), ENGINE_NAME.into());
    entries.insert("engine-version".into(), env!("CARGO_PKG_VERSION").into());
    if let Some(id) = &change.operation_id {
        entries.insert(OPERATION_ID.into(), id.clone());
    }
    entries.extend(change.summary.clone());
    entries
}
