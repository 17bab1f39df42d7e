//! The files behind tables that were opened by path, as `df.inputFiles()` names them.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::{ListingTable, ListingTableUrl};
use datafusion::datasource::source_as_provider;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use floe_base::{Error, Result};
use futures::TryStreamExt;

/// The files a plan would read, each once. Tables of catalogs have none, as in Spark.
pub async fn of_plan(plan: &LogicalPlan, state: &SessionState) -> Result<Vec<String>> {
    let mut files = BTreeSet::new();
    for path in paths(plan)? {
        let store = state.runtime_env().object_store(&path)?;
        let found: Vec<_> = path.list_all_files(state, store.as_ref(), "").await?.try_collect().await?;
        for file in found {
            files.insert(shown(&path, file.location.as_ref())?);
        }
    }
    Ok(files.into_iter().collect())
}

/// The paths that are scanned, those inside views of other scans included.
fn paths(plan: &LogicalPlan) -> Result<Vec<ListingTableUrl>> {
    let mut found = Vec::new();
    plan.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            if let Some(listing) = provider.as_any().downcast_ref::<ListingTable>() {
                found.extend(listing.table_paths().iter().cloned());
            } else if let Some(inner) = provider.get_logical_plan() {
                found.extend(paths(&inner)?);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// A file's URL. Spark writes local ones with three slashes and percent signs.
fn shown(path: &ListingTableUrl, location: &str) -> Result<String> {
    let store = path.object_store();
    if path.scheme() == "file" {
        let local = url::Url::from_file_path(format!("/{location}"));
        return local.map(String::from).map_err(|()| Error::internal(format!("{location} is no file's path")));
    }
    Ok(format!("{}{location}", store.as_str()))
}
