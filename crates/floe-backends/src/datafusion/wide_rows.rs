//! How many rows a batch has: fewer, where rows are wide.
//!
//! Nobody asks memory for a batch, and every operator of every thread has one at work: documents of 300 KB by 8,192 rows
//! are gigabytes at once. What the columns of a file take is known before it is read, so a plan over such files is made
//! again, for smaller batches; and so is one whose functions make long values (`long_values.rs`). Where nobody knew and
//! Arrow cannot count the values of a batch, `execute.rs` begins anew with the smallest.
//!
//! Not here: batches of fewer rows for generators (`slices.rs`), what a row takes where nobody says (`row_bytes.rs`).

use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, Statistics};
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;

use crate::long_values::longest;

/// Bytes that the rows of a batch are expected to have, at most.
const BATCH_BYTES: usize = 32 << 20;
/// Batches of fewer rows would cost more than they hold.
pub(super) const ROWS_MIN: usize = 16;

/// The plan as DataFusion makes it, for batches whose rows fit. The state keeps how many that are.
pub(super) async fn planned(state: &mut SessionState, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
    let physical = state.create_physical_plan(plan).await?;
    let rows = rows_that_fit(widest(&physical)?.max(longest(plan)?));
    if rows >= state.config().batch_size() {
        return Ok(physical);
    }
    state.config_mut().options_mut().execution.batch_size = rows;
    state.create_physical_plan(plan).await
}

fn rows_that_fit(row_bytes: usize) -> usize {
    (BATCH_BYTES / row_bytes.max(1)).max(ROWS_MIN)
}

/// Bytes of a row of the files with the widest; 0 where nobody says.
fn widest(plan: &Arc<dyn ExecutionPlan>) -> Result<usize> {
    let mut most = 0;
    plan.apply(|node| {
        if node.children().is_empty() {
            most = most.max(row_bytes(node.as_ref())?);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(most)
}

fn row_bytes(leaf: &dyn ExecutionPlan) -> Result<usize> {
    let source = leaf.as_any().downcast_ref::<DataSourceExec>();
    let scan = source.and_then(|source| source.data_source().as_any().downcast_ref::<FileScanConfig>());
    let projection = scan.and_then(|scan| scan.file_source().projection());
    Ok(match (scan, projection) {
        // All columns that are read, though only an expression over them may come out.
        (Some(scan), Some(projection)) => bytes_each(&scan.statistics(), projection.column_indices()),
        _ => {
            let told = leaf.partition_statistics(None)?;
            bytes_each(&told, 0..told.column_statistics.len())
        }
    })
}

fn bytes_each(told: &Statistics, columns: impl IntoIterator<Item = usize>) -> usize {
    let known = |column: usize| told.column_statistics.get(column)?.byte_size.get_value().copied();
    let bytes = columns.into_iter().filter_map(known).fold(0, usize::saturating_add);
    bytes.checked_div(told.num_rows.get_value().copied().unwrap_or(0)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use datafusion::common::ColumnStatistics;
    use datafusion::common::stats::Precision;

    use super::*;

    #[test]
    fn wide_rows_come_in_smaller_batches_and_others_do_not() {
        let column = |bytes| ColumnStatistics::new_unknown().with_byte_size(Precision::Inexact(bytes));
        let told = Statistics {
            num_rows: Precision::Inexact(1000),
            total_byte_size: Precision::Absent,
            column_statistics: vec![column(8_000), column(300_000_000), ColumnStatistics::new_unknown()],
        };
        assert_eq!(bytes_each(&told, [0, 1, 2]), 300_008);
        assert_eq!(bytes_each(&told, [0, 2, 3]), 8);
        assert_eq!(bytes_each(&Statistics { num_rows: Precision::Absent, ..told }, [1]), 0);
        assert_eq!((rows_that_fit(300_008), rows_that_fit(usize::MAX)), (111, ROWS_MIN));
        assert!(rows_that_fit(0) > 8192 && rows_that_fit(1000) > 8192);
    }
}
