//! What makes two runs of a plan the same work: its operators and expressions without their constants, and its tables
//! with about their size. Times that one took tell what the other will take.

use std::hash::{DefaultHasher, Hash, Hasher};

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;
use floe_route::Facts;

use crate::Planned;

/// The fingerprint of a plan for this version of the engine, whose successor may be quicker.
pub fn fingerprint(planned: &Planned, facts: &Facts) -> u64 {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    let mut tables: Vec<(&str, u32)> =
        facts.tables.iter().map(|table| (table.name.as_str(), size_class(table.reads_bytes()))).collect();
    // They are loaded in no order.
    tables.sort_unstable();
    tables.hash(&mut hasher);
    // Ids are given out in the order of the text, so that the same text has the same ones.
    let _ = planned.plan.apply_with_subqueries(|node| {
        std::mem::discriminant(node).hash(&mut hasher);
        match node {
            LogicalPlan::TableScan(scan) => paths(scan).hash(&mut hasher),
            LogicalPlan::Join(join) => join.join_type.hash(&mut hasher),
            _ => {}
        }
        node.apply_expressions(|expr| {
            without_constants(expr.clone()).hash(&mut hasher);
            Ok(TreeNodeRecursion::Continue)
        })
    });
    hasher.finish()
}

/// Doubles: a table that has grown a little is the same work.
fn size_class(bytes: u64) -> u32 {
    bytes.checked_ilog2().unwrap_or(0)
}

/// Files by path have no name but where they are.
fn paths(scan: &datafusion::logical_expr::TableScan) -> Vec<String> {
    let Ok(provider) = source_as_provider(&scan.source) else { return Vec::new() };
    let listing = provider.as_any().downcast_ref::<ListingTable>();
    listing.map(|listing| listing.table_paths().iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// The expression as text, with the type of each constant in its place, and of a list of them one.
fn without_constants(expr: Expr) -> String {
    let stripped = expr.transform_down(|inner| {
        Ok(match inner {
            Expr::Literal(value, _) => {
                let nothing = ScalarValue::try_from(&value.data_type())?;
                Transformed::yes(Expr::Literal(nothing, None))
            }
            Expr::InList(list) if list.list.iter().all(|item| matches!(item, Expr::Literal(..))) => {
                let first = list.list.into_iter().take(1).collect();
                Transformed::yes(Expr::InList(InList { list: first, ..list }))
            }
            other => Transformed::no(other),
        })
    });
    stripped.map(|stripped| stripped.data.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::facts;
    use crate::testing::Session;

    async fn of(sql: &str) -> u64 {
        let planned = Session::new().lower(sql).await.expect("a plan");
        fingerprint(&planned, &facts(&planned))
    }

    #[tokio::test]
    async fn constants_make_no_difference_and_all_else_does() {
        let base = of("SELECT b, sum(c) FROM t WHERE a > 1 AND b IN ('x', 'q') GROUP BY b").await;
        assert_eq!(base, of("SELECT b, sum(c) FROM t WHERE a > 2 AND b IN ('y', 'z', 'w') GROUP BY b").await);
        assert_ne!(base, of("SELECT b, sum(a) FROM t WHERE a > 1 AND b IN ('x', 'q') GROUP BY b").await);
        assert_ne!(base, of("SELECT b, max(c) FROM t WHERE a > 1 AND b IN ('x', 'q') GROUP BY b").await);
        assert_ne!(
            of("SELECT count(*) FROM t JOIN u USING (a)").await,
            of("SELECT count(*) FROM t LEFT JOIN u USING (a)").await
        );
    }

    #[tokio::test]
    async fn a_table_of_another_size_is_other_work() {
        let planned = Session::new().lower("SELECT sum(a) FROM t").await.expect("a plan");
        let small = facts(&planned);
        let mut large = small.clone();
        large.tables.iter_mut().for_each(|table| table.reads.bytes = Some(1 << 30));
        assert_ne!(fingerprint(&planned, &small), fingerprint(&planned, &large));
    }
}
