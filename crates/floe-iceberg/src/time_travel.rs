//! Which version of a table a read means.

use arrow_schema::SchemaRef as ArrowSchemaRef;
use floe_base::{Error, Kind, Result};
use iceberg::spec::{SchemaRef, SnapshotRef, TableMetadata};

use crate::arrow_schema::engine_schema;
use crate::table::{Table, refs};

/// `VERSION AS OF`, `TIMESTAMP AS OF`, `branch_x`, `tag_x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    Snapshot(i64),
    /// The snapshot that was current then, in milliseconds since 1970 (UTC).
    TimestampMs(i64),
    /// A branch or a tag.
    Ref(String),
}

impl Version {
    /// `VERSION AS OF` takes a snapshot id, or the name of a branch or tag, in one literal (Iceberg 1.10 `SparkCatalog`).
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Ref(text.to_string()), Self::Snapshot)
    }
}

/// A snapshot and the schema it is read with; no snapshot for a table without rows.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub snapshot: Option<SnapshotRef>,
    pub schema: SchemaRef,
}

impl Resolved {
    /// The columns as the engine sees them.
    pub fn columns(&self) -> ArrowSchemaRef {
        engine_schema(&self.schema)
    }

    /// A column's comment.
    pub fn comment_of(&self, column: &str) -> Option<&str> {
        self.schema.field_by_name(column)?.doc.as_deref()
    }
}

/// Finds what `version` means; the current state for `None`.
///
/// A snapshot, a time and a tag are read with the snapshot's own schema, a branch with the table's (Iceberg docs, "Spark
/// queries, time travel").
///
/// # Errors
/// Spark's and Iceberg's texts for what does not exist.
pub fn resolve(table: &Table, version: Option<&Version>) -> Result<Resolved> {
    let metadata = &table.metadata;
    let current = || std::sync::Arc::clone(metadata.current_schema());
    match version {
        None => Ok(Resolved { snapshot: table.snapshot().cloned(), schema: current() }),
        Some(Version::Snapshot(id)) => with_own_schema(metadata, by_id(metadata, *id)?),
        Some(Version::TimestampMs(at)) => with_own_schema(metadata, as_of(table, *at)?),
        Some(Version::Ref(name)) => {
            let Some(found) = refs(metadata).remove(name) else {
                let text = format!("Cannot find matching snapshot ID or reference name for version {name}");
                return Err(Error::message(Kind::IllegalArgument, text));
            };
            let snapshot = by_id(metadata, found.snapshot_id)?;
            match found.is_branch() {
                true => Ok(Resolved { snapshot: Some(snapshot), schema: current() }),
                false => with_own_schema(metadata, snapshot),
            }
        }
    }
}

fn with_own_schema(metadata: &TableMetadata, snapshot: SnapshotRef) -> Result<Resolved> {
    let own = snapshot.schema_id().and_then(|id| metadata.schema_by_id(id));
    let schema = std::sync::Arc::clone(own.unwrap_or(metadata.current_schema()));
    Ok(Resolved { snapshot: Some(snapshot), schema })
}

fn by_id(metadata: &TableMetadata, id: i64) -> Result<SnapshotRef> {
    metadata
        .snapshot_by_id(id)
        .cloned()
        .ok_or_else(|| Error::message(Kind::IllegalArgument, format!("Cannot find snapshot with ID {id}")))
}

/// The log of what was current, not the snapshots' own times: a rollback makes an old snapshot current again.
fn as_of(table: &Table, at: i64) -> Result<SnapshotRef> {
    let log = table.metadata.history();
    let found = log.iter().rev().find(|entry| entry.timestamp_ms() <= at);
    match found {
        Some(entry) => by_id(&table.metadata, entry.snapshot_id),
        None => {
            let shown =
                chrono::DateTime::from_timestamp_millis(at).map_or_else(|| at.to_string(), |at| at.to_rfc3339());
            Err(Error::message(Kind::IllegalArgument, format!("Cannot find a snapshot older than {shown}")))
        }
    }
}
