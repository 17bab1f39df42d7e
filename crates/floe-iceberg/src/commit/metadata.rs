//! Commits without a snapshot: ALTER TABLE, and creating or replacing a table without rows.
//!
//! Nothing is retried; a conflict means somebody else altered the table. A lost answer is looked up by what the table
//! says afterwards: it has no snapshot of ours to look for.

use std::collections::HashSet;

use floe_base::{Error, Result};
use iceberg::spec::TableMetadata;
use iceberg::{TableRequirement, TableUpdate};

use super::settle;
use crate::catalog::CommitError;
use crate::error::Lift;
use crate::table::{Table, refs};

/// Creates or replaces a staged table without rows.
pub async fn publish_staged(table: &Table) -> Result<Table> {
    let Some(staged) = &table.staged else {
        return Err(Error::internal("the table is not staged"));
    };
    send(table, staged.requirements.clone(), staged.updates.clone(), &table.metadata).await
}

/// Changes metadata alone.
pub async fn update_metadata(
    table: &Table,
    requirements: Vec<TableRequirement>,
    updates: Vec<TableUpdate>,
) -> Result<Table> {
    if updates.is_empty() {
        return Ok(table.clone());
    }
    let mut builder = table.metadata.as_ref().clone().into_builder(table.metadata_location.clone());
    for update in updates.iter().cloned() {
        builder = update.apply(builder).lift()?;
    }
    let wanted = builder.build().lift()?.metadata;
    let mut all = vec![TableRequirement::UuidMatch { uuid: table.metadata.uuid() }];
    all.extend(requirements);
    send(table, all, updates, &wanted).await
}

async fn send(
    table: &Table,
    requirements: Vec<TableRequirement>,
    updates: Vec<TableUpdate>,
    wanted: &TableMetadata,
) -> Result<Table> {
    match table.catalog.commit(&table.ident, requirements, updates).await {
        Ok(loaded) => Ok(Table::of(&table.catalog, &table.ident, loaded)),
        Err(CommitError::Unknown(error)) => {
            let landed = |fresh: &Table| says_the_same(&fresh.metadata, wanted);
            settle(table, landed, "look at the table", error).await
        }
        Err(error) => Err(error.into_error()),
    }
}

/// Whether a table says everything a statement wanted it to say. Ids a catalog may assign anew are not compared.
fn says_the_same(found: &TableMetadata, wanted: &TableMetadata) -> bool {
    let fields = |metadata: &TableMetadata| {
        let spec = metadata.default_partition_spec();
        spec.fields().iter().map(|field| (field.source_id, field.transform, field.name.clone())).collect::<Vec<_>>()
    };
    let snapshots =
        |metadata: &TableMetadata| metadata.snapshots().map(|snapshot| snapshot.snapshot_id()).collect::<HashSet<_>>();
    found.uuid() == wanted.uuid()
        && found.properties() == wanted.properties()
        && found.format_version() == wanted.format_version()
        && found.location() == wanted.location()
        && found.current_schema().as_struct() == wanted.current_schema().as_struct()
        && fields(found) == fields(wanted)
        && found.default_sort_order().fields == wanted.default_sort_order().fields
        && refs(found) == refs(wanted)
        && snapshots(found) == snapshots(wanted)
}
