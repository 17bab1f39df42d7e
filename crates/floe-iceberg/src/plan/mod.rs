//! Which files a read touches, and which deletes apply to each.
//!
//! Manifests are pruned by their partition summaries, files by partition values and column bounds (`prune.rs`), deletes are
//! matched to data files (`delete_index.rs`). `whole_file.rs` answers a stricter question, whether a filter takes all rows
//! of a file. No row is read here.

pub(crate) mod delete_index;
pub mod prune;
pub mod whole_file;

use std::sync::Arc;

use datafusion::logical_expr::Expr;
use floe_base::{Error, Result};
use futures::{StreamExt, TryStreamExt};
use iceberg::spec::{ManifestContentType, ManifestFile, SchemaRef, Snapshot};

use self::delete_index::DeleteIndex;
use self::prune::FilePruner;
use crate::manifest::{self, FileEntry};
use crate::table::Table;

/// Manifests read at once.
const MANIFEST_CONCURRENCY: usize = 16;

/// One data file to read, with what was deleted from it.
#[derive(Clone, Debug)]
pub struct FileTask {
    pub entry: Arc<FileEntry>,
    pub deletes: Vec<Arc<FileEntry>>,
}

impl FileTask {
    pub fn has_deletes(&self) -> bool {
        !self.deletes.is_empty()
    }
}

/// How many manifests [`plan_files`] reads to answer.
pub async fn count_manifests(
    table: &Table,
    snapshot: Option<&Snapshot>,
    schema: &SchemaRef,
    filters: &[Expr],
) -> Result<usize> {
    let Some(snapshot) = snapshot else { return Ok(0) };
    let pruner = FilePruner::new(&table.metadata, schema, filters)?;
    Ok(manifests(table, snapshot, &pruner).await?.len())
}

/// The manifests of a snapshot that may name such files.
async fn manifests(table: &Table, snapshot: &Snapshot, pruner: &FilePruner) -> Result<Vec<ManifestFile>> {
    pruner.prune_manifests(&manifest::list(&table.storage, &table.metadata, snapshot).await?)
}

/// The files of a snapshot that may hold rows matching every filter.
///
/// `schema` is the one the filters' columns are named in.
pub async fn plan_files(
    table: &Table,
    snapshot: Option<&Snapshot>,
    schema: &SchemaRef,
    filters: &[Expr],
) -> Result<Vec<FileTask>> {
    let Some(snapshot) = snapshot else { return Ok(Vec::new()) };
    let pruner = FilePruner::new(&table.metadata, schema, filters)?;
    let manifests = manifests(table, snapshot, &pruner).await?;
    let read: Vec<(ManifestContentType, Arc<Vec<Arc<FileEntry>>>)> = futures::stream::iter(manifests)
        .map(|file| async move { Ok::<_, Error>((file.content, manifest::entries(&table.storage, &file).await?)) })
        .buffered(MANIFEST_CONCURRENCY)
        .try_collect()
        .await?;
    let mut data = Vec::new();
    let mut deletes = Vec::new();
    for (content, entries) in read {
        let live = entries.iter().filter(|entry| entry.is_live()).cloned();
        match content {
            ManifestContentType::Data => data.extend(live),
            ManifestContentType::Deletes => deletes.extend(live),
        }
    }
    let kept = pruner.prune(data)?;
    let index = DeleteIndex::new(&table.metadata, deletes);
    Ok(kept.into_iter().map(|entry| FileTask { deletes: index.of(&entry), entry }).collect())
}
