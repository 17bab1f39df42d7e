//! What DuckDB holds and does not count.
//!
//! `min` and `max` keep a text for each group, and one of more than 12 bytes is allocated by itself: it counts for no limit
//! of memory, and is never written to disk (DuckDB 1.5). Of many groups they can be more than there is memory. So as long as
//! such a query runs, the memory of the whole process is looked at, and the query ends before that is too much.
//!
//! How such an error reaches the client: `execute.rs` and `failure.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use duckdb::InterruptHandle;
use floe_base::Error;
use memory_stats::memory_stats;

/// How often the process is looked at. A query on one machine's cores fills some 25 MB in that time.
const EVERY: Duration = Duration::from_millis(100);

/// What one query holds so.
#[derive(Clone, Debug, Default)]
pub(super) struct Uncounted {
    holds_texts: bool,
    /// Whether it was ended because of it.
    over: Arc<AtomicBool>,
}

impl Uncounted {
    /// Looks for `min` and `max` of texts by groups; of all rows together they are one text.
    pub(super) fn of(plan: &LogicalPlan) -> Self {
        let mut holds_texts = false;
        let _ = plan.apply_with_subqueries(|node| {
            if let LogicalPlan::Aggregate(groups) = node
                && !groups.group_expr.is_empty()
            {
                holds_texts |= groups.aggr_expr.iter().any(|expr| keeps_text(expr, groups.input.schema()));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        Self { holds_texts, over: Arc::default() }
    }

    /// Whether it may be much.
    pub(super) fn holds_texts(&self) -> bool {
        self.holds_texts
    }

    /// The error of a query that was ended because of it.
    pub(super) fn error(&self) -> Option<Error> {
        let why = "DuckDB: min and max of texts hold more than it can write to disk. DataFusion can (route datafusion)";
        self.over.load(Ordering::Acquire).then(|| Error::out_of_memory(why))
    }

    /// Looks at the process until the query has ended, and ends it when that holds a third more than `total`, the budget
    /// of both engines, and `total` more than when the query began: under a small budget most of it is not for queries.
    pub(super) async fn watch(self, query: Arc<InterruptHandle>, total: u64, ended: Arc<AtomicBool>) {
        let most = (total + total / 3).max(held() + total);
        while !ended.load(Ordering::Acquire) {
            if held() > most {
                self.over.store(true, Ordering::Release);
                query.interrupt();
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

fn keeps_text(expr: &Expr, rows: &DFSchema) -> bool {
    match expr {
        Expr::Alias(named) => keeps_text(&named.expr, rows),
        Expr::AggregateFunction(call) if matches!(call.func.name(), "min" | "max") => {
            let is_text = |data_type: DataType| data_type.is_string() || data_type.is_binary();
            call.params.args.iter().any(|argument| argument.get_type(rows).is_ok_and(is_text))
        }
        _ => false,
    }
}

/// Bytes of memory that the process has. 0 where the system does not tell.
fn held() -> u64 {
    memory_stats().map_or(0, |stats| stats.physical_mem as u64)
}
