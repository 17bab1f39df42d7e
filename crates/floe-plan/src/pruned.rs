//! What is left to read of the tables of a plan when files are left out by its filters. Not here: which files these are
//! (`floe-iceberg`, `plan/prune.rs`), and what a scan reads of a file (`reads.rs`).

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, LogicalPlan};
use floe_base::Result;
use floe_iceberg::scan::IcebergTable;
use floe_route::{Facts, TableFacts};

use crate::{Loaded, Planned};

/// Counts only what is left after pruning, where that is found out from a bounded number of manifests; `optimised` is the
/// plan after its filters have moved to its scans.
///
/// # Errors
/// When a manifest cannot be read.
pub async fn prune(facts: &mut Facts, planned: &Planned, optimised: &LogicalPlan) -> Result<()> {
    let scans = scans(optimised);
    for (table, loaded) in facts.tables.iter_mut().zip(&planned.tables) {
        if let Some((kept, whole)) = kept(loaded, &scans).await? {
            shrink(table, kept, whole);
        }
    }
    Ok(())
}

/// A scan, and the filters its rows must meet.
type Filtered = (Arc<dyn TableProvider>, Vec<Expr>);

fn scans(plan: &LogicalPlan) -> Vec<Filtered> {
    let mut found = Vec::new();
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Ok(provider) = source_as_provider(&scan.source)
        {
            found.push((provider, scan.filters.clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// The bytes that a table's scans read, and what they would without their filters; `None` where that is not known.
async fn kept(table: &Loaded, scans: &[Filtered]) -> Result<Option<(u64, u64)>> {
    let Some(iceberg) = table.provider.as_any().downcast_ref::<IcebergTable>() else { return Ok(None) };
    let own: Vec<&Filtered> = scans.iter().filter(|(provider, _)| Arc::ptr_eq(provider, &table.provider)).collect();
    let Some(bytes) = table.facts.bytes.filter(|_| own.iter().any(|(_, filters)| !filters.is_empty())) else {
        return Ok(None);
    };
    let (mut kept, mut whole) = (0, 0);
    for (_, filters) in own {
        whole += bytes;
        kept += match filters.as_slice() {
            [] => bytes,
            filters => iceberg.estimate(filters).await?.map_or(bytes, |estimate| estimate.bytes.min(bytes)),
        };
    }
    Ok(Some((kept, whole)))
}

fn shrink(table: &mut TableFacts, kept: u64, whole: u64) {
    let of = |all: u64| {
        let share = u128::from(all) * u128::from(kept) / u128::from(whole.max(1));
        u64::try_from(share).unwrap_or(all)
    };
    table.reads.bytes = table.reads.bytes.map(of);
    table.reads.rows = table.reads.rows.map(of);
}

#[cfg(test)]
mod tests {
    use floe_route::Reads;

    use super::*;

    #[test]
    fn what_is_read_shrinks_with_the_files() {
        let reads = Reads { bytes: Some(900), rows: Some(90), row_bytes: 8, in_place: true, is_remote: false };
        let (name, format) = ("t".into(), "iceberg".into());
        let mut table = TableFacts { name, format, bytes: Some(3000), rows: Some(90), reachable: vec![], reads };
        shrink(&mut table, 1000, 3000);
        assert_eq!((table.reads.bytes, table.reads.rows, table.bytes), (Some(300), Some(30), Some(3000)));
        shrink(&mut table, 0, 0);
        assert_eq!(table.reads.bytes, Some(0));
    }
}
