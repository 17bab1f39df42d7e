//! What the rows of a table have to meet, as far as it is known above its scan: so that files and parts of files that hold
//! none are not read, and rows that meet it not are not sent. DuckDB judges the rows once more; nothing depends on it here.

use std::collections::HashMap;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, JoinType};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan};
use floe_functions::condition::raises;

/// The conditions on each scan of a plan by its name, over the columns of the table.
pub(super) fn of_scans(plan: &LogicalPlan) -> HashMap<String, Vec<Expr>> {
    let mut found = HashMap::new();
    collect(plan, Vec::new(), &mut found);
    found
}

/// Takes conditions that all rows of an operator have to meet down to the scans below it.
fn collect(plan: &LogicalPlan, mut conditions: Vec<Expr>, found: &mut HashMap<String, Vec<Expr>>) {
    match plan {
        LogicalPlan::Filter(filter) => {
            conditions.extend(split_conjunction(&filter.predicate).into_iter().filter(|one| may_move(one)).cloned());
            collect(&filter.input, conditions, found);
        }
        LogicalPlan::Projection(projection) => {
            let below = conditions.into_iter().filter_map(|condition| renamed(condition, &projection.expr));
            collect(&projection.input, below.collect(), found);
        }
        LogicalPlan::Join(join) => {
            let (left, right) = match join.join_type {
                JoinType::Inner => (true, true),
                JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => (true, false),
                JoinType::Right => (false, true),
                _ => (false, false),
            };
            let for_side = |side: &LogicalPlan, keeps: bool| -> Vec<Expr> {
                let schema = side.schema();
                let fits =
                    |condition: &&Expr| keeps && condition.column_refs().iter().all(|column| schema.has_column(column));
                conditions.iter().filter(fits).cloned().collect()
            };
            collect(&join.left, for_side(&join.left, left), found);
            collect(&join.right, for_side(&join.right, right), found);
        }
        LogicalPlan::TableScan(scan) => {
            found.insert(scan.table_name.table().to_string(), conditions);
        }
        // Whatever else stands between changes what a condition means.
        other => other.inputs().into_iter().for_each(|input| collect(input, Vec::new(), found)),
    }
}

/// A condition that is the same wherever it is asked, and that asks nothing but the row.
fn may_move(condition: &Expr) -> bool {
    let asks_elsewhere = condition.exists(|node| {
        Ok(matches!(
            node,
            Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_) | Expr::OuterReferenceColumn(..)
        ))
    });
    !asks_elsewhere.unwrap_or(true) && !condition.is_volatile() && !raises(condition)
}

/// The condition over the columns below a projection; `None` where it asks one that is computed.
fn renamed(condition: Expr, outputs: &[Expr]) -> Option<Expr> {
    let below = |column: &Column| {
        outputs.iter().find_map(|output| match output {
            Expr::Column(passed) if passed == column => Some(output.clone()),
            Expr::Alias(alias) if alias.relation == column.relation && alias.name == column.name => {
                matches!(alias.expr.as_ref(), Expr::Column(_)).then(|| alias.expr.as_ref().clone())
            }
            _ => None,
        })
    };
    if !condition.column_refs().iter().all(|column| below(column).is_some()) {
        return None;
    }
    let replaced = condition.transform(|node| {
        Ok(match &node {
            Expr::Column(column) => below(column).map_or_else(|| Transformed::no(node.clone()), Transformed::yes),
            _ => Transformed::no(node),
        })
    });
    Some(replaced.ok()?.data)
}

/// The conditions over a table whose columns have no qualifier.
pub(super) fn unqualified(conditions: &[Expr]) -> Vec<Expr> {
    let bare = |condition: &Expr| {
        let replaced = condition.clone().transform(|node| {
            Ok(match node {
                Expr::Column(column) => Transformed::yes(Expr::Column(Column::new_unqualified(column.name))),
                other => Transformed::no(other),
            })
        });
        replaced.ok().map(|bare| bare.data)
    };
    conditions.iter().filter_map(bare).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::datasource::{MemTable, provider_as_source};
    use datafusion::logical_expr::{LogicalPlanBuilder, col, lit};

    use super::*;

    fn table(name: &str, id: &str) -> LogicalPlanBuilder {
        let schema = Arc::new(Schema::new(vec![Field::new("v", DataType::Int64, true)]));
        let table = MemTable::try_new(schema, vec![vec![]]).expect("a table");
        let scan = LogicalPlanBuilder::scan(name, provider_as_source(Arc::new(table)), None).expect("a scan");
        scan.project(vec![col(format!("{name}.v")).alias(id)]).expect("a projection")
    }

    fn column(id: &str) -> Expr {
        Expr::Column(Column::new_unqualified(id))
    }

    #[test]
    fn conditions_reach_the_side_they_ask_and_no_side_that_may_be_missing() -> datafusion::common::Result<()> {
        let conditions = column("#1").gt(lit(1i64)).and(column("#2").gt(lit(2i64)));
        for (kind, on_right) in [(JoinType::Inner, 1), (JoinType::Left, 0)] {
            let joined = table("a", "#1").join_on(table("b", "#2").build()?, kind, vec![lit(true)])?;
            let found = of_scans(&joined.filter(conditions.clone())?.build()?);
            assert_eq!(unqualified(&found["a"]), vec![column("v").gt(lit(1i64))]);
            assert_eq!(found["b"].len(), on_right);
        }
        Ok(())
    }

    #[test]
    fn computed_columns_are_not_asked_below() -> datafusion::common::Result<()> {
        let computed = table("a", "#1").project(vec![(column("#1") + lit(1i64)).alias("#2")])?;
        let found = of_scans(&computed.filter(column("#2").gt(lit(1i64)))?.build()?);
        assert!(found["a"].is_empty());
        Ok(())
    }
}
