//! The files behind tables that were opened by path, as `df.inputFiles()` names them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::{ListingTable, ListingTableUrl};
use datafusion::datasource::source_as_provider;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use floe_base::{Error, Result};
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore};

/// The files a plan would read, each once. Tables of catalogs have none, and subqueries do not count, as in Spark.
pub async fn of_plan(plan: &LogicalPlan, state: &SessionState) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    plan.apply(|node| scanned(node, &mut paths))?;
    let mut files = BTreeSet::new();
    for path in paths {
        for file in below(&path, state).await? {
            files.insert(shown(path.object_store().as_str(), file.location.as_ref())?);
        }
    }
    Ok(files.into_iter().collect())
}

/// The local files that a plan would read, its subqueries included, as paths without links.
pub async fn local_of_plan(plan: &LogicalPlan, state: &SessionState) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    plan.apply_with_subqueries(|node| scanned(node, &mut paths))?;
    let mut files = Vec::new();
    for path in paths.into_iter().filter(|path| path.scheme() == "file") {
        let found = below(&path, state).await?;
        // A file that is gone by now is read by nobody.
        files.extend(found.iter().filter_map(|file| std::fs::canonicalize(format!("/{}", file.location)).ok()));
    }
    Ok(files)
}

/// The local paths that a plan would list, its subqueries included.
pub fn local_paths_of_plan(plan: &LogicalPlan) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    plan.apply_with_subqueries(|node| scanned(node, &mut paths))?;
    let local = paths.iter().filter(|path| path.scheme() == "file");
    Ok(local.map(|path| PathBuf::from(format!("/{}", path.prefix()))).collect())
}

/// Adds the paths a node scans, those inside views of other scans included.
fn scanned(node: &LogicalPlan, found: &mut Vec<ListingTableUrl>) -> datafusion::common::Result<TreeNodeRecursion> {
    if let LogicalPlan::TableScan(scan) = node {
        let provider = source_as_provider(&scan.source)?;
        if let Some(listing) = provider.as_any().downcast_ref::<ListingTable>() {
            found.extend(listing.table_paths().iter().cloned());
        } else if let Some(inner) = provider.get_logical_plan() {
            inner.apply_with_subqueries(|node| scanned(node, found))?;
        }
    }
    Ok(TreeNodeRecursion::Continue)
}

async fn below(path: &ListingTableUrl, state: &SessionState) -> datafusion::common::Result<Vec<ObjectMeta>> {
    let store = state.runtime_env().object_store(path)?;
    path.list_all_files(state, store.as_ref(), "").await?.try_collect().await
}

/// Whether there is nothing, unlike what is there and cannot be listed.
fn is_missing(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ObjectStore(why) if matches!(**why, object_store::Error::NotFound { .. }))
}

/// Paths, and the files below each of them: listed once for all who look at them while a table is opened.
pub(super) struct Below {
    pub(super) paths: Vec<ListingTableUrl>,
    /// In the order of the paths; behind one that is not there is nothing.
    files: Vec<Vec<Listed>>,
}

/// A file below a path.
pub(super) struct Listed {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) meta: ObjectMeta,
    /// The names of the folders from the path to it.
    pub(super) folders: Vec<String>,
    /// The store's address.
    root: String,
}

impl Listed {
    /// Its URL.
    pub(super) fn shown(&self) -> Result<String> {
        shown(&self.root, self.meta.location.as_ref())
    }
}

impl Below {
    pub(super) async fn list(paths: Vec<ListingTableUrl>, state: &SessionState) -> Result<Self> {
        let mut files = Vec::with_capacity(paths.len());
        for path in &paths {
            let store = state.runtime_env().object_store(path)?;
            let root = path.object_store().as_str().to_string();
            let listed = |meta: ObjectMeta| {
                let mut folders: Vec<String> = path
                    .strip_prefix(&meta.location)
                    .map(|parts| parts.map(str::to_string).collect())
                    .unwrap_or_default();
                folders.pop();
                Listed { store: store.clone(), meta, folders, root: root.clone() }
            };
            let found = match below(path, state).await {
                Err(error) if is_missing(&error) => Vec::new(),
                found => found?,
            };
            files.push(found.into_iter().map(listed).collect());
        }
        Ok(Self { paths, files })
    }

    /// Each path with its files.
    pub(super) fn by_path(&self) -> impl Iterator<Item = (&ListingTableUrl, &[Listed])> {
        self.paths.iter().zip(self.files.iter().map(Vec::as_slice))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Listed> {
        self.files.iter().flatten()
    }

    /// Those with a byte in them, which are what scans read.
    pub(super) fn read(&self) -> impl Iterator<Item = &Listed> {
        self.all().filter(|file| file.meta.size > 0)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.all().map(|file| file.meta.size).sum()
    }
}

/// The URL of a file in a store. Spark writes local ones with three slashes and percent signs.
pub(super) fn shown(store: &str, location: &str) -> Result<String> {
    if store.starts_with("file:") {
        let local = url::Url::from_file_path(format!("/{location}"));
        return local.map(String::from).map_err(|()| Error::internal(format!("{location} is no file's path")));
    }
    Ok(format!("{store}{location}"))
}
