//! How tables of the embedded catalog change: one or several at once, all or nothing.
//!
//! Each change is checked against the version that is current and written as a metadata file that nobody refers to yet. Then
//! one transaction moves all the names, each only from where it stood. Who loses that race looks again: what was required
//! may still hold. The files of an attempt that lost are deleted; those of an outcome nobody knows stay.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use floe_base::{Error, Kind, Result};
use iceberg::spec::{FormatVersion, SortOrder, TableMetadata, TableMetadataBuilder};
use iceberg::{TableRequirement, TableUpdate};

use super::sqlite::{EntryKind, Move};
use super::{EmbeddedCatalog, requirement};
use crate::catalog::{CommitError, IcebergCatalog, Ident, Loaded, TableChange};
use crate::error::{already_exists, refused, table_not_found};
use crate::metadata_file;

/// Races a commit may lose before its sender hears of it. Each takes a metadata file, so not many.
const TRIES: u32 = 4;

/// A table's next version, written and not yet anybody's.
struct Prepared {
    ident: Ident,
    from: Option<String>,
    to: String,
    metadata: Arc<TableMetadata>,
    /// Metadata files the table no longer wants once it is committed.
    expired: Vec<String>,
}

impl EmbeddedCatalog {
    /// The tables after the commit, in the order of the changes.
    pub(super) async fn commit_all(&self, changes: &[TableChange]) -> Result<Vec<Loaded>, CommitError> {
        let mut seen = HashSet::new();
        if let Some(twice) = changes.iter().find(|change| !seen.insert(&change.ident)) {
            let text = format!("table `{}` stands twice in one commit", twice.ident);
            return Err(CommitError::Failed(Error::message(Kind::Validation, text)));
        }
        for _ in 0..TRIES {
            let prepared = self.prepare_all(changes).await?;
            if self.publish(&prepared).await? {
                let expired: Vec<String> = prepared.iter().flat_map(|one| one.expired.clone()).collect();
                self.storage.delete_quietly(expired).await;
                return Ok(prepared.into_iter().map(|one| self.loaded(one.metadata, Some(one.to))).collect());
            }
            self.storage.delete_quietly(prepared.into_iter().map(|one| one.to)).await;
        }
        let names: Vec<String> = changes.iter().map(|change| format!("`{}`", change.ident)).collect();
        let text = format!("table {} was changed by somebody else", names.join(", "));
        Err(CommitError::Conflict(Error::message(Kind::Conflict, text)))
    }

    /// Publishes a table that is new; the metadata goes again when the name turns out to be taken.
    pub(super) async fn publish_new(&self, ident: &Ident, metadata: TableMetadata) -> Result<Loaded> {
        let made = self.written(ident, None, metadata).await.map_err(CommitError::into_error)?;
        if !self.publish(std::slice::from_ref(&made)).await.map_err(CommitError::into_error)? {
            self.storage.delete_quietly([made.to]).await;
            return Err(already_exists(self.name(), ident));
        }
        Ok(self.loaded(made.metadata, Some(made.to)))
    }

    /// False when another commit was first.
    async fn publish(&self, prepared: &[Prepared]) -> Result<bool, CommitError> {
        let step = |one: &Prepared| Move {
            ident: one.ident.clone(),
            kind: EntryKind::Table,
            from: one.from.clone(),
            to: one.to.clone(),
        };
        // When the answer is lost the names may have moved: the new files must stay.
        self.names.move_all(prepared.iter().map(step).collect()).await.map_err(CommitError::Unknown)
    }

    async fn prepare_all(&self, changes: &[TableChange]) -> Result<Vec<Prepared>, CommitError> {
        let mut prepared: Vec<Prepared> = Vec::with_capacity(changes.len());
        for change in changes {
            match self.prepare(change).await {
                Ok(one) => prepared.push(one),
                Err(error) => {
                    self.storage.delete_quietly(prepared.into_iter().map(|one| one.to)).await;
                    return Err(error);
                }
            }
        }
        Ok(prepared)
    }

    async fn prepare(&self, change: &TableChange) -> Result<Prepared, CommitError> {
        let TableChange { ident, requirements, updates } = change;
        let creates = requirements.contains(&TableRequirement::NotExist);
        match self.load(ident).await? {
            Some(_) if creates => Err(CommitError::Conflict(already_exists(self.name(), ident))),
            Some(current) => self.next_version(ident, &current, requirements, updates).await,
            None if creates => self.first_version(ident, updates).await,
            None => Err(CommitError::Failed(table_not_found(self.name(), ident))),
        }
    }

    async fn first_version(&self, ident: &Ident, updates: &[TableUpdate]) -> Result<Prepared, CommitError> {
        self.require_namespace(&ident.namespace).await?;
        if self.names.find(ident).await?.is_some() {
            // A view: a table of the name was looked for already.
            return Err(CommitError::Conflict(already_exists(self.name(), ident)));
        }
        self.written(ident, None, from_creation(updates.to_vec())?).await
    }

    async fn next_version(
        &self,
        ident: &Ident,
        current: &Loaded,
        requirements: &[TableRequirement],
        updates: &[TableUpdate],
    ) -> Result<Prepared, CommitError> {
        for requirement in requirements {
            requirement::check(requirement, &current.metadata)?;
        }
        if let Some(stale) = updates.iter().find_map(|update| staleness(update, &current.metadata)) {
            return Err(CommitError::Conflict(Error::message(Kind::Conflict, stale)));
        }
        let previous = current.metadata_location.clone();
        let mut builder = current.metadata.as_ref().clone().into_builder(previous.clone());
        for update in updates {
            builder = update.clone().apply(builder).map_err(refused)?;
        }
        let built = builder.build().map_err(refused)?;
        let tidy = built.metadata.properties().get("write.metadata.delete-after-commit.enabled");
        let expired = match tidy.is_some_and(|value| value == "true") {
            true => built.expired_metadata_logs.into_iter().map(|log| log.metadata_file).collect(),
            false => Vec::new(),
        };
        Ok(Prepared { expired, ..self.written(ident, previous, built.metadata).await? })
    }

    /// Writes a version's metadata file.
    async fn written(
        &self,
        ident: &Ident,
        from: Option<String>,
        metadata: TableMetadata,
    ) -> Result<Prepared, CommitError> {
        let to = match &from {
            None => metadata_file::first_location(metadata.location(), metadata.properties()),
            Some(from) => metadata_file::next_location(metadata.location(), Some(from), metadata.properties()),
        };
        let metadata = Arc::new(metadata);
        metadata_file::write(&self.storage, &to, &metadata).await?;
        Ok(Prepared { ident: ident.clone(), from, to, metadata, expired: Vec::new() })
    }
}

/// Why a snapshot was made for a table that has since moved on, where no requirement said so: a commit to another branch
/// takes its sequence number and its row ids. Its maker can make it anew, so it is a conflict and no mistake (Iceberg 1.9
/// `RetryableValidationException`).
fn staleness(update: &TableUpdate, current: &TableMetadata) -> Option<String> {
    let TableUpdate::AddSnapshot { snapshot } = update else { return None };
    let (number, last) = (snapshot.sequence_number(), current.last_sequence_number());
    if current.format_version() != FormatVersion::V1 && number <= last && snapshot.parent_snapshot_id().is_some() {
        return Some(format!("a snapshot has sequence number {number}, and the table is at {last} already"));
    }
    let (first, _) = snapshot.row_range().filter(|_| current.format_version() == FormatVersion::V3)?;
    let next = current.next_row_id();
    (first < next).then(|| format!("a snapshot's rows begin at id {first}, and the table is at {next} already"))
}

/// Replays the updates of a create transaction: what makes the table, then what else happened in it.
fn from_creation(updates: Vec<TableUpdate>) -> Result<TableMetadata> {
    let mut schema = None;
    let mut spec = None;
    let mut order = None;
    let mut location = None;
    let mut version = FormatVersion::V2;
    let mut properties = HashMap::new();
    let mut later = Vec::new();
    for update in updates {
        match update {
            TableUpdate::AddSchema { schema: first } if schema.is_none() => schema = Some(first),
            TableUpdate::AddSpec { spec: first } if spec.is_none() => spec = Some(first),
            TableUpdate::AddSortOrder { sort_order } if order.is_none() => order = Some(sort_order),
            TableUpdate::SetLocation { location: found } => location = Some(found),
            TableUpdate::UpgradeFormatVersion { format_version } => version = format_version,
            TableUpdate::SetProperties { updates } => properties.extend(updates),
            TableUpdate::RemoveProperties { removals } => properties.retain(|key, _| !removals.contains(key)),
            other => later.push(other),
        }
    }
    let (Some(schema), Some(spec), Some(location)) = (schema, spec, location) else {
        let text = "a create transaction lacks a schema, a partition spec or a location";
        return Err(Error::message(Kind::Validation, text));
    };
    let order = order.unwrap_or_else(SortOrder::unsorted_order);
    // Ids were assigned when the table was staged, and data files carry them: assigning again gives the same ids, as
    // both number the fields in one order.
    let mut builder = TableMetadataBuilder::new(schema, spec, order, location, version, properties).map_err(refused)?;
    let mut settled = Settled::default();
    for update in later {
        if !settled.by_builder(&update) {
            builder = update.apply(builder).map_err(refused)?;
        }
    }
    Ok(builder.build().map_err(refused)?.metadata)
}

/// Which of a new table's three "make the one just added the current one" were seen: the builder has done the first of each.
#[derive(Default)]
struct Settled {
    schema: bool,
    spec: bool,
    order: bool,
}

impl Settled {
    fn by_builder(&mut self, update: &TableUpdate) -> bool {
        let seen = match update {
            TableUpdate::SetCurrentSchema { .. } => &mut self.schema,
            TableUpdate::SetDefaultSpec { .. } => &mut self.spec,
            TableUpdate::SetDefaultSortOrder { .. } => &mut self.order,
            _ => return false,
        };
        !std::mem::replace(seen, true)
    }
}
