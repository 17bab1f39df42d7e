//! Rows that come in an order, for operators whose result depends on it: `first`, `collect_list` and their kin,
//! `dropDuplicates`.
//!
//! The engine leaves out a sort that no operator above asks for. Spark does not, and much SQL relies on it
//! (`collect_list` over a subquery with ORDER BY): where an ORDER BY stands below, the rows are numbered in its order.

use std::sync::Arc;

use datafusion::functions_window::expr_fn::row_number;
use datafusion::logical_expr::{Expr, LogicalPlan, SortExpr, Window};
use floe_base::Result;

use crate::resolver::Resolver;
use crate::rows::Rows;
use crate::scope::{Id, id_of, label};

impl Resolver<'_> {
    /// The rows with a column of their numbers, if an ORDER BY below gives them an order.
    pub(crate) fn with_order_below(&self, rows: Rows) -> Result<(Rows, Option<Id>)> {
        let Some(order) = order_of(&rows.plan) else { return Ok((rows, None)) };
        let keys = order.iter().flat_map(|key| key.expr.column_refs());
        let keys: Vec<Id> = keys.filter_map(|column| id_of(&column.name)).collect();
        let rows = rows.reach(&keys)?;
        let id = self.fresh();
        let mut number = row_number();
        if let Expr::WindowFunction(window) = &mut number {
            window.params.order_by = order;
        }
        let plan = LogicalPlan::Window(Window::try_new(vec![number.alias(label(id))], Arc::new(rows.plan))?);
        Ok((Rows { plan, scope: rows.scope }, Some(id)))
    }
}

/// The keys rows are sorted by, looked for below the operators that let rows pass in their order. A key that would
/// have another value when it is computed again is none.
fn order_of(plan: &LogicalPlan) -> Option<Vec<SortExpr>> {
    match plan {
        LogicalPlan::Sort(sort) => {
            let is_lasting = |key: &SortExpr| !key.expr.is_volatile() && !key.expr.contains_outer();
            sort.expr.iter().all(is_lasting).then(|| sort.expr.clone())
        }
        LogicalPlan::Projection(projection) => order_of(&projection.input),
        LogicalPlan::Filter(filter) => order_of(&filter.input),
        LogicalPlan::Limit(limit) => order_of(&limit.input),
        _ => None,
    }
}
