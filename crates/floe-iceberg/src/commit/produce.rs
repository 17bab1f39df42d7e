//! One attempt's manifests, manifest list and updates.
//!
//! Manifests of added files do not depend on what others committed: they are written once and used by every attempt.
//! Manifests that lose files, and the list, are made anew. Every location written is remembered, so that nothing stays
//! behind after a refusal.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use floe_base::{Error, Kind, Result};
use iceberg::spec::{
    DataContentType, FormatVersion, MAIN_BRANCH, ManifestContentType, ManifestFile, Operation, Snapshot,
    SnapshotReference, SnapshotRetention, Summary, TableMetadata,
};
use iceberg::{TableRequirement, TableUpdate};
use uuid::Uuid;

use super::summary::{Counts, summary};
use super::{Change, Partition, Remove, new_snapshot_id};
use crate::catalog::Loaded;
use crate::manifest::{self, FileEntry, ListHeader, NewManifest, spec_of};
use crate::metadata_file;
use crate::plan::whole_file::{Decision, WholeFile};
use crate::storage::Storage;
use crate::table::{Staged, Table, refs};
use crate::write::NewFile;

/// Iceberg 1.10 `TableProperties`: when manifests are merged on append.
const MERGE_COUNT: usize = 100;
const MERGE_BYTES: i64 = 8 * 1024 * 1024;

/// What stays the same over the attempts of one commit.
pub(super) struct Producer {
    pub(super) change: Change,
    pub(super) snapshot_id: i64,
    storage: Storage,
    branch: Option<String>,
    staged: Option<Arc<Staged>>,
    id: Uuid,
    attempt: u32,
    manifests: u32,
    /// Manifests of the added files, once written.
    added: Option<Vec<ManifestFile>>,
    /// Every metadata file this commit wrote.
    created: Vec<String>,
    /// What the last attempt's list refers to, and the list itself.
    current: HashSet<String>,
}

impl Producer {
    pub(super) fn new(table: &Table, change: Change) -> Result<Self> {
        if table.metadata.format_version() == FormatVersion::V1
            && change.added.iter().any(|new| new.file.content_type() != DataContentType::Data)
        {
            return Err(Error::unsupported("delete files in a table of format version 1"));
        }
        Ok(Self {
            change,
            snapshot_id: new_snapshot_id(),
            storage: table.storage.clone(),
            branch: table.branch.clone(),
            staged: table.staged.clone(),
            id: Uuid::new_v4(),
            attempt: 0,
            manifests: 0,
            added: None,
            created: Vec::new(),
            current: HashSet::new(),
        })
    }

    pub(super) fn branch(&self) -> &str {
        self.branch.as_deref().unwrap_or(MAIN_BRANCH)
    }

    /// The requirements and updates that put the change on top of `base`.
    pub(super) async fn produce(&mut self, base: &Table) -> Result<(Vec<TableRequirement>, Vec<TableUpdate>)> {
        self.attempt += 1;
        self.current.clear();
        let metadata = Arc::clone(&base.metadata);
        let parent = metadata.snapshot_for_ref(self.branch()).cloned();
        let kept = match &parent {
            Some(parent) => manifest::list(&self.storage, &metadata, parent).await?.as_ref().clone(),
            None => Vec::new(),
        };
        let mut counts = Counts::default();
        for new in &self.change.added {
            counts.add(&new.file);
        }
        let before: HashSet<String> = kept.iter().map(|manifest| manifest.manifest_path.clone()).collect();
        let kept = self.remove(base, kept, &mut counts).await?;
        let mut manifests = self.added_manifests(&metadata).await?;
        manifests.extend(kept);
        let manifests = self.merge(&metadata, manifests).await?;
        self.current.extend(manifests.iter().map(|manifest| manifest.manifest_path.clone()));
        counts.manifests_kept = self.current.intersection(&before).count() as u64;
        counts.manifests_created = manifests.len() as u64 - counts.manifests_kept;
        counts.manifests_replaced = before.len() as u64 - counts.manifests_kept;

        let parent_id = parent.as_ref().map(|parent| parent.snapshot_id());
        let sequence_number = metadata.next_sequence_number();
        let location = self.list_location(&metadata);
        let header = ListHeader {
            version: metadata.format_version(),
            snapshot_id: self.snapshot_id,
            parent_id,
            sequence_number,
            next_row_id: metadata.next_row_id(),
        };
        self.created.push(location.clone());
        self.current.insert(location.clone());
        let next_row_id = manifest::write_list(&self.storage, &location, &header, manifests).await?;
        let row_range = next_row_id.map(|next| (metadata.next_row_id(), next - metadata.next_row_id()));

        let operation = operation(&self.change);
        let properties = summary(&self.change, &counts, parent.as_deref());
        let builder = Snapshot::builder()
            .with_snapshot_id(self.snapshot_id)
            .with_parent_snapshot_id(parent_id)
            .with_sequence_number(sequence_number)
            .with_timestamp_ms(timestamp(&metadata))
            .with_manifest_list(location)
            .with_summary(Summary { operation, additional_properties: properties })
            .with_schema_id(metadata.current_schema_id());
        let snapshot = match row_range {
            Some((first, added)) => builder.with_row_range(first, added).build(),
            None => builder.build(),
        };
        Ok(self.updates(&metadata, parent_id, snapshot))
    }

    fn updates(
        &self,
        metadata: &TableMetadata,
        parent_id: Option<i64>,
        snapshot: Snapshot,
    ) -> (Vec<TableRequirement>, Vec<TableUpdate>) {
        let retention = refs(metadata).remove(self.branch()).map(|found| found.retention);
        let retention = retention.unwrap_or_else(|| SnapshotRetention::branch(None, None, None));
        let point = TableUpdate::SetSnapshotRef {
            ref_name: self.branch().to_string(),
            reference: SnapshotReference::new(snapshot.snapshot_id(), retention),
        };
        let mut requirements = vec![
            TableRequirement::UuidMatch { uuid: metadata.uuid() },
            TableRequirement::RefSnapshotIdMatch { r#ref: self.branch().to_string(), snapshot_id: parent_id },
        ];
        let mut updates = vec![TableUpdate::AddSnapshot { snapshot }, point];
        if let Some(staged) = &self.staged {
            requirements = staged.requirements.clone();
            updates.splice(0..0, staged.updates.iter().cloned());
        }
        (requirements, updates)
    }

    // -- adding --------------------------------------------------------------------------------------------------------

    async fn added_manifests(&mut self, metadata: &TableMetadata) -> Result<Vec<ManifestFile>> {
        if let Some(written) = &self.added {
            return Ok(written.clone());
        }
        let mut by_spec: HashMap<(i32, bool), Vec<usize>> = HashMap::new();
        for (index, new) in self.change.added.iter().enumerate() {
            let is_data = new.file.content_type() == DataContentType::Data;
            by_spec.entry((new.spec_id, is_data)).or_default().push(index);
        }
        let mut written = Vec::new();
        for ((spec_id, is_data), indexes) in by_spec {
            let content = if is_data { ManifestContentType::Data } else { ManifestContentType::Deletes };
            let mut open = self.new_manifest(metadata, spec_id, content)?;
            for index in indexes {
                if let Some(new) = self.change.added.get(index) {
                    open.add(&new.file)?;
                }
            }
            written.push(self.write_manifest(metadata, open).await?);
        }
        self.added = Some(written.clone());
        Ok(written)
    }

    // -- removing ------------------------------------------------------------------------------------------------------

    /// The parent's manifests without the files the change takes away.
    async fn remove(
        &mut self,
        base: &Table,
        kept: Vec<ManifestFile>,
        counts: &mut Counts,
    ) -> Result<Vec<ManifestFile>> {
        let metadata = &base.metadata;
        let selector = match &self.change.remove {
            Remove::Nothing => return Ok(kept),
            Remove::Everything => Selector::Everything,
            Remove::Files(paths) => Selector::Files(paths.clone()),
            Remove::AddedPartitions => Selector::Partitions(
                self.change.added.iter().map(|new| (new.spec_id, new.file.partition().clone())).collect(),
            ),
            Remove::Matching(filter) => Selector::Matching(WholeFile::new(metadata, filter)?),
        };
        let mut missing: HashSet<String> = match &selector {
            Selector::Files(paths) => paths.clone(),
            _ => HashSet::new(),
        };
        let mut gone: HashSet<String> = HashSet::new();
        let mut left = Vec::with_capacity(kept.len());
        // Data manifests first: which deletes have lost their file is known only then.
        let (data, deletes): (Vec<_>, Vec<_>) =
            kept.into_iter().partition(|manifest| manifest.content == ManifestContentType::Data);
        for manifest in data {
            let entries = manifest::entries(&self.storage, &manifest).await?;
            let mut removed: HashSet<Place<'_>> = HashSet::new();
            for entry in entries.iter().filter(|entry| entry.is_live()) {
                if selector.takes(entry)? {
                    removed.insert(place(entry));
                    missing.remove(entry.path());
                    gone.insert(entry.path().to_string());
                }
            }
            left.extend(self.without(metadata, manifest, &entries, &removed, counts).await?);
        }
        if let Some(path) = missing.iter().next() {
            let text =
                format!("file `{path}`, which this statement rewrites, was replaced or deleted by a concurrent commit");
            return Err(Error::message(Kind::Conflict, text));
        }
        for manifest in deletes {
            let entries = manifest::entries(&self.storage, &manifest).await?;
            let dangling = |entry: &FileEntry| match (&selector, entry.file.referenced_data_file()) {
                (Selector::Everything, _) => true,
                (Selector::Partitions(partitions), _) => {
                    partitions.contains(&(entry.spec_id, entry.file.partition().clone()))
                }
                (_, Some(data_file)) => gone.contains(&data_file),
                (_, None) => false,
            };
            let live = entries.iter().filter(|entry| entry.is_live() && dangling(entry));
            let removed: HashSet<Place<'_>> = live.map(|entry| place(entry)).collect();
            left.extend(self.without(metadata, manifest, &entries, &removed, counts).await?);
        }
        Ok(left)
    }

    /// A manifest without some of its files: itself, when it loses none.
    async fn without(
        &mut self,
        metadata: &TableMetadata,
        manifest: ManifestFile,
        entries: &[Arc<FileEntry>],
        removed: &HashSet<Place<'_>>,
        counts: &mut Counts,
    ) -> Result<Option<ManifestFile>> {
        if removed.is_empty() {
            // A manifest of nothing but deleted entries has told its one snapshot and is dropped.
            let alive = entries.iter().any(|entry| entry.is_live());
            return Ok(alive.then_some(manifest));
        }
        let mut open = self.new_manifest(metadata, manifest.partition_spec_id, manifest.content)?;
        for entry in entries.iter().filter(|entry| entry.is_live()) {
            if removed.contains(&place(entry)) {
                counts.remove(&entry.file);
                open.remove(entry)?;
            } else {
                open.keep(entry)?;
            }
        }
        Ok(Some(self.write_manifest(metadata, open).await?))
    }

    // -- merging -------------------------------------------------------------------------------------------------------

    /// Small data manifests of one spec become larger ones once there are many, as Java's `MergeAppend`.
    async fn merge(&mut self, metadata: &TableMetadata, manifests: Vec<ManifestFile>) -> Result<Vec<ManifestFile>> {
        let property = |key: &str| metadata.properties().get(key).map(String::as_str);
        if property("commit.manifest-merge.enabled").is_some_and(|value| value == "false") {
            return Ok(manifests);
        }
        let count_min = property("commit.manifest.min-count-to-merge").and_then(|text| text.parse().ok());
        let target = property("commit.manifest.target-size-bytes").and_then(|text| text.parse().ok());
        let (count_min, target) = (count_min.unwrap_or(MERGE_COUNT), target.unwrap_or(MERGE_BYTES));
        let mut by_spec: HashMap<i32, Vec<ManifestFile>> = HashMap::new();
        let mut out = Vec::with_capacity(manifests.len());
        for manifest in manifests {
            let small = manifest.content == ManifestContentType::Data && manifest.manifest_length < target;
            match small {
                true => by_spec.entry(manifest.partition_spec_id).or_default().push(manifest),
                false => out.push(manifest),
            }
        }
        for (spec_id, group) in by_spec {
            if group.len() < count_min.max(2) {
                out.extend(group);
                continue;
            }
            for bin in bins(group, target) {
                match bin.len() {
                    1 => out.extend(bin),
                    _ => out.push(self.merge_bin(metadata, spec_id, &bin).await?),
                }
            }
        }
        Ok(out)
    }

    async fn merge_bin(
        &mut self,
        metadata: &TableMetadata,
        spec_id: i32,
        bin: &[ManifestFile],
    ) -> Result<ManifestFile> {
        let mut open = self.new_manifest(metadata, spec_id, ManifestContentType::Data)?;
        for manifest in bin {
            let ours = manifest.added_snapshot_id == self.snapshot_id;
            for entry in manifest::entries(&self.storage, manifest).await?.iter() {
                match entry.status {
                    iceberg::spec::ManifestStatus::Added if ours => open.add(&entry.file)?,
                    iceberg::spec::ManifestStatus::Deleted if ours => open.remove(entry)?,
                    iceberg::spec::ManifestStatus::Deleted => {}
                    _ => open.keep(entry)?,
                }
            }
        }
        self.write_manifest(metadata, open).await
    }

    // -- files ---------------------------------------------------------------------------------------------------------

    fn new_manifest(
        &self,
        metadata: &TableMetadata,
        spec_id: i32,
        content: ManifestContentType,
    ) -> Result<NewManifest> {
        let spec = spec_of(metadata, spec_id)?;
        let schema = Arc::clone(metadata.current_schema());
        NewManifest::new(metadata.format_version(), content, self.snapshot_id, schema, spec)
    }

    async fn write_manifest(&mut self, metadata: &TableMetadata, open: NewManifest) -> Result<ManifestFile> {
        let folder = metadata_file::folder(metadata.location(), metadata.properties());
        let location = format!("{folder}/{}-m{}.avro", self.id, self.manifests);
        self.manifests += 1;
        self.created.push(location.clone());
        open.write(&self.storage, location).await
    }

    fn list_location(&self, metadata: &TableMetadata) -> String {
        let folder = metadata_file::folder(metadata.location(), metadata.properties());
        format!("{folder}/snap-{}-{}-{}.avro", self.snapshot_id, self.attempt, self.id)
    }

    /// After success: what earlier attempts wrote and this one does not use.
    pub(super) async fn discard_stale(&mut self, _committed: &Loaded) {
        let stale: Vec<String> = self.created.drain(..).filter(|location| !self.current.contains(location)).collect();
        self.storage.delete_quietly(stale).await;
    }

    /// After a definite refusal: everything, the data files with it.
    pub(super) async fn discard_all(&mut self) {
        let data = self.change.added.iter().map(|new| new.file.file_path().to_string());
        let all: Vec<String> = self.created.drain(..).chain(data).collect();
        self.storage.delete_quietly(all).await;
    }
}

/// What tells one entry from another: one Puffin file holds the deletion vectors of many data files.
type Place<'a> = (&'a str, Option<i64>);

fn place(entry: &FileEntry) -> Place<'_> {
    (entry.path(), entry.file.content_offset())
}

/// Which files a change takes away, ready to ask.
enum Selector {
    Everything,
    Files(HashSet<String>),
    Partitions(HashSet<Partition>),
    Matching(WholeFile),
}

impl Selector {
    fn takes(&self, entry: &Arc<FileEntry>) -> Result<bool> {
        match self {
            Self::Everything => Ok(true),
            Self::Files(paths) => Ok(paths.contains(entry.path())),
            Self::Partitions(partitions) => Ok(partitions.contains(&(entry.spec_id, entry.file.partition().clone()))),
            Self::Matching(filter) => match filter.decide(entry)? {
                Decision::All => Ok(true),
                Decision::None => Ok(false),
                // Java's words (`ManifestFilterManager`), which users search for.
                Decision::Some => Err(Error::message(
                    Kind::Operation,
                    format!("Cannot delete file where some, but not all, rows match filter: {}", entry.path()),
                )),
            },
        }
    }
}

/// True when every file of the table holds only rows that match, or none.
pub(super) async fn decides_whole_files(table: &Table, filter: &[datafusion::logical_expr::Expr]) -> Result<bool> {
    let Some(snapshot) = table.snapshot() else { return Ok(true) };
    let decide = WholeFile::new(&table.metadata, filter)?;
    let manifests = manifest::list(&table.storage, &table.metadata, snapshot).await?;
    for manifest in manifests.iter().filter(|manifest| manifest.content == ManifestContentType::Data) {
        for entry in manifest::entries(&table.storage, manifest).await?.iter().filter(|entry| entry.is_live()) {
            if decide.decide(entry)? == Decision::Some {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// What a snapshot calls itself. What a change is meant to do counts, not what it happened to find.
fn operation(change: &Change) -> Operation {
    // As `BaseRowDelta.operation` of Iceberg 1.11.
    let (data, deletes): (Vec<&NewFile>, Vec<&NewFile>) =
        change.added.iter().partition(|new| new.file.content_type() == DataContentType::Data);
    if !deletes.is_empty() {
        return if data.is_empty() { Operation::Delete } else { Operation::Overwrite };
    }
    // As `BaseReplacePartitions`, `BaseOverwriteFiles` and `FastAppend`.
    let removes = match &change.remove {
        Remove::AddedPartitions => return Operation::Overwrite,
        Remove::Nothing => return Operation::Append,
        Remove::Files(paths) => !paths.is_empty(),
        Remove::Matching(_) | Remove::Everything => true,
    };
    match (removes, data.is_empty()) {
        (true, true) => Operation::Delete,
        (false, false) => Operation::Append,
        (true, false) | (false, true) => Operation::Overwrite,
    }
}

/// Never before the table's last change: two machines' clocks differ, a table's history may not.
fn timestamp(metadata: &TableMetadata) -> i64 {
    chrono::Utc::now().timestamp_millis().max(metadata.last_updated_ms())
}

fn bins(manifests: Vec<ManifestFile>, target: i64) -> Vec<Vec<ManifestFile>> {
    let mut bins: Vec<Vec<ManifestFile>> = Vec::new();
    let mut size = 0;
    for manifest in manifests {
        let length = manifest.manifest_length;
        match bins.last_mut() {
            Some(bin) if size + length <= target => {
                size += length;
                bin.push(manifest);
            }
            _ => {
                size = length;
                bins.push(vec![manifest]);
            }
        }
    }
    bins
}
