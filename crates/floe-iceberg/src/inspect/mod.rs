//! Metadata tables: `t.snapshots`, `t.files` and their like, with the columns Spark shows.
//!
//! Names, types and nullability are those of Spark 4.1.4 with Iceberg 1.11. A metadata table is small: it is made whole when it is
//! asked for. `history.rs` reads metadata alone, `manifests.rs`, `files.rs` and `partitions.rs` read manifests too.

mod files;
mod history;
mod manifests;
mod partitions;

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use floe_base::Result;

use crate::table::Table;
use crate::time_travel::{Version, resolve};

/// Which metadata table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetadataTable {
    Snapshots,
    History,
    Refs,
    MetadataLogEntries,
    Manifests,
    Files,
    DataFiles,
    DeleteFiles,
    Entries,
    Partitions,
}

impl MetadataTable {
    pub const ALL: [(&'static str, Self); 10] = [
        ("snapshots", Self::Snapshots),
        ("history", Self::History),
        ("refs", Self::Refs),
        ("metadata_log_entries", Self::MetadataLogEntries),
        ("manifests", Self::Manifests),
        ("files", Self::Files),
        ("data_files", Self::DataFiles),
        ("delete_files", Self::DeleteFiles),
        ("entries", Self::Entries),
        ("partitions", Self::Partitions),
    ];

    /// The metadata table of a name, as it stands after a table's name; `None` for any other word.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, table)| table)
    }
}

/// A metadata table as rows. `version` is a time to travel to, where the table is about one snapshot.
pub async fn inspect(table: &Table, which: MetadataTable, version: Option<&Version>) -> Result<Arc<dyn TableProvider>> {
    let batch = rows(table, which, version).await?;
    let provider = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
    Ok(Arc::new(provider))
}

async fn rows(table: &Table, which: MetadataTable, version: Option<&Version>) -> Result<RecordBatch> {
    let resolved = resolve(table, version)?;
    let snapshot = resolved.snapshot.as_deref();
    match which {
        MetadataTable::Snapshots => history::snapshots(&table.metadata),
        MetadataTable::History => history::history(&table.metadata),
        MetadataTable::Refs => history::refs(table),
        MetadataTable::MetadataLogEntries => history::metadata_log(table),
        MetadataTable::Manifests => manifests::manifests(table, snapshot).await,
        MetadataTable::Files => files::files(table, snapshot, files::Contents::All).await,
        MetadataTable::DataFiles => files::files(table, snapshot, files::Contents::Data).await,
        MetadataTable::DeleteFiles => files::files(table, snapshot, files::Contents::Deletes).await,
        MetadataTable::Entries => files::entries(table, snapshot).await,
        MetadataTable::Partitions => partitions::partitions(table, snapshot).await,
    }
}
