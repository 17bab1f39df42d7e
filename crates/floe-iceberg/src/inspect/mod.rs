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

use self::files::{Contents, Reach};
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
    AllManifests,
    AllFiles,
    AllDataFiles,
    AllDeleteFiles,
    AllEntries,
}

impl MetadataTable {
    pub const ALL: [(&'static str, Self); 15] = [
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
        ("all_manifests", Self::AllManifests),
        ("all_files", Self::AllFiles),
        ("all_data_files", Self::AllDataFiles),
        ("all_delete_files", Self::AllDeleteFiles),
        ("all_entries", Self::AllEntries),
    ];

    /// The word that stands for it after a table's name.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, table)| *table == self).map_or("", |(name, _)| name)
    }

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
    let one = Reach::One(snapshot);
    match which {
        MetadataTable::Snapshots => history::snapshots(&table.metadata),
        MetadataTable::History => history::history(&table.metadata),
        MetadataTable::Refs => history::refs(table),
        MetadataTable::MetadataLogEntries => history::metadata_log(table),
        MetadataTable::Manifests => manifests::manifests(table, snapshot).await,
        MetadataTable::Files => files::files(table, one, Contents::All).await,
        MetadataTable::DataFiles => files::files(table, one, Contents::Data).await,
        MetadataTable::DeleteFiles => files::files(table, one, Contents::Deletes).await,
        MetadataTable::Entries => files::entries(table, one).await,
        MetadataTable::Partitions => partitions::partitions(table, snapshot).await,
        MetadataTable::AllManifests => manifests::all_manifests(table).await,
        MetadataTable::AllFiles => files::files(table, Reach::All, Contents::All).await,
        MetadataTable::AllDataFiles => files::files(table, Reach::All, Contents::Data).await,
        MetadataTable::AllDeleteFiles => files::files(table, Reach::All, Contents::Deletes).await,
        MetadataTable::AllEntries => files::entries(table, Reach::All).await,
    }
}
