//! Whether anybody looks at a column of a scan.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};

/// The resolver puts one projection over each scan, which gives every column its id; what counts is who reads that.
pub(super) fn is_used(plan: &LogicalPlan, scan: &TableScan, column: &str) -> bool {
    let mut labels: Vec<String> = Vec::new();
    let mut read_directly = false;
    let _ = plan.apply_with_subqueries(|node| {
        let over_scan = matches!(node, LogicalPlan::Projection(projection)
            if matches!(projection.input.as_ref(), LogicalPlan::TableScan(below) if below.table_name == scan.table_name));
        for expr in node.expressions() {
            match expr {
                Expr::Alias(alias) if over_scan => {
                    let reads = alias.expr.column_refs().iter().any(|read| read.name == column);
                    labels.extend(reads.then(|| alias.name.clone()));
                }
                other if over_scan => read_directly |= other.column_refs().iter().any(|read| read.name == column),
                _ => {}
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    let is_output = plan.schema().fields().iter().any(|field| labels.contains(field.name()));
    read_directly || is_output || labels.iter().any(|label| is_read(plan, label))
}

fn is_read(plan: &LogicalPlan, label: &str) -> bool {
    let mut found = false;
    let _ = plan.apply_with_subqueries(|node| {
        let _ = node.apply_expressions(|expr| {
            expr.apply(|inner| {
                found |= match inner {
                    Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => column.name == label,
                    _ => false,
                };
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        });
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found
}
