//! What a router wants to know of a plan: tables with their sizes, functions, operators, and what is done with the rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, Volatility};
use floe_route::{Facts, Reads, Shape, TableFacts};

use crate::reads::{Scan, scans};
use crate::whole_joins::whole_joins;
use crate::{Planned, Recursion};

/// A table that was loaded for a query, and what is known of it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub facts: TableFacts,
    /// What its scans in the plan stand on.
    pub provider: Arc<dyn TableProvider>,
}

/// The facts of a plan. Nothing is read and nothing is asked: sizes were loaded with the names.
pub fn facts(planned: &Planned) -> Facts {
    let scans = scans(&planned.plan);
    let tables = planned.tables.iter().map(|table| read(table, &scans)).collect();
    let of_session = planned.names_catalog && planned.tables.is_empty();
    let mut facts = Facts { tables, of_session, ..Facts::default() };
    // A subquery's plan stands inside an expression; it is walked like the rest.
    let _ = planned.plan.apply_with_subqueries(|plan| {
        facts.operators.extend(operator(plan).map(str::to_string));
        count(plan, &mut facts.shape);
        let _ = plan.apply_expressions(|expression| {
            expression.apply(|inner| {
                function(inner, &mut facts.functions);
                if facts.shape.by_order.is_none() {
                    facts.shape.by_order = by_order(inner);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        });
        Ok(TreeNodeRecursion::Continue)
    });
    facts.shape.ordered_source = ordered_source(planned, &scans);
    facts.shape.whole_joins = whole_joins(&planned.plan, &|scan| rows_of(scan, planned, &facts.tables));
    facts
}

/// About how many rows a scan gives; 0 for one of no table that was loaded.
fn rows_of(scan: &TableScan, planned: &Planned, tables: &[TableFacts]) -> u64 {
    let Ok(provider) = source_as_provider(&scan.source) else { return 0 };
    let loaded = planned.tables.iter().position(|table| Arc::ptr_eq(&table.provider, &provider));
    loaded.and_then(|at| tables.get(at)).map_or(0, TableFacts::reads_rows)
}

/// What is read of a table over all its scans.
fn read(table: &Loaded, scans: &[Scan]) -> TableFacts {
    let own: Vec<&Scan> = scans.iter().filter(|scan| Arc::ptr_eq(&scan.provider, &table.provider)).collect();
    let facts = &table.facts;
    let reads = Reads {
        bytes: facts.bytes.map(|bytes| own.iter().map(|scan| scan.share_of(bytes)).sum()),
        rows: facts.rows.map(|rows| rows.saturating_mul(own.len() as u64)),
        row_bytes: own.iter().map(|scan| scan.row_bytes()).max().unwrap_or(0),
        in_place: own.iter().all(|scan| scan.is_in_place()),
        is_remote: !own.is_empty() && own.iter().all(|scan| scan.is_remote()),
    };
    TableFacts { reads, ..facts.clone() }
}

/// The client's own data, kept frames, ranges: whatever is no table of files.
fn ordered_source(planned: &Planned, scans: &[Scan]) -> Option<String> {
    let known = |scan: &Scan| planned.tables.iter().find(|table| Arc::ptr_eq(&table.provider, &scan.provider));
    let other = scans.iter().find(|scan| !scan.is_stored() && known(scan).is_none_or(|table| is_at_hand(&table.facts)));
    other.map(|scan| known(scan).map_or_else(|| "data at hand".into(), |table| table.facts.name.clone()))
}

/// Tables of files may have a reader of their own; what is in memory has nothing behind it.
fn is_at_hand(table: &TableFacts) -> bool {
    table.format != "iceberg" && !floe_catalog::files::is_format(&table.format)
}

/// The router's word for an operator; `None` for those every backend has.
fn operator(plan: &LogicalPlan) -> Option<&'static str> {
    Some(match plan {
        LogicalPlan::Join(_) => "join",
        LogicalPlan::Aggregate(_) => "aggregate",
        LogicalPlan::Window(_) => "window",
        LogicalPlan::Sort(_) => "sort",
        LogicalPlan::Distinct(_) => "distinct",
        LogicalPlan::Union(_) => "union",
        LogicalPlan::Unnest(_) => "generate",
        LogicalPlan::Extension(extension) if extension.node.as_any().is::<Recursion>() => "recursive",
        _ => return None,
    })
}

fn count(plan: &LogicalPlan, shape: &mut Shape) {
    match plan {
        LogicalPlan::TableScan(_) => shape.scans += 1,
        LogicalPlan::Join(_) => shape.joins += 1,
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) => shape.aggregates += 1,
        LogicalPlan::Sort(_) => shape.sorts += 1,
        LogicalPlan::Window(_) => shape.windows += 1,
        _ => {}
    }
}

fn function(expression: &Expr, into: &mut BTreeSet<String>) {
    match expression {
        Expr::ScalarFunction(call) => {
            into.insert(call.name().to_string());
        }
        Expr::AggregateFunction(call) => {
            into.insert(call.func.name().to_string());
        }
        Expr::WindowFunction(call) => {
            into.insert(call.fun.name().to_string());
        }
        _ => {}
    }
}

/// The name of a function that has another value when the rows come in another order, or anyhow each time it is asked.
fn by_order(expression: &Expr) -> Option<String> {
    match expression {
        Expr::AggregateFunction(call) if floe_functions::depends_on_order(expression) => Some(call.func.name().into()),
        Expr::ScalarFunction(call) if call.func.signature().volatility == Volatility::Volatile => {
            Some(call.name().into())
        }
        _ => None,
    }
}

/// What is known of a loaded table, under the name a person would use for it.
pub(crate) fn of_table(table: &floe_catalog::Table) -> Loaded {
    let facts = TableFacts {
        name: table.name.as_ref().map_or_else(|| table.format.clone(), ToString::to_string),
        format: table.format.clone(),
        bytes: table.statistics.bytes,
        rows: table.statistics.rows,
        reachable: table.reachable.clone(),
        reads: Reads::default(),
    };
    Loaded { facts, provider: table.provider.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Session;

    async fn of(sql: &str) -> Facts {
        facts(&Session::new().lower(sql).await.expect("a plan"))
    }

    #[tokio::test]
    async fn the_shape_counts_operators_of_subqueries_too() {
        let found =
            of("SELECT b, count(*) FROM t JOIN u USING (a) WHERE c < (SELECT max(d) FROM u) GROUP BY b ORDER BY b");
        let shape = found.await.shape;
        assert_eq!((shape.scans, shape.joins, shape.aggregates, shape.sorts), (3, 2, 2, 1), "a subquery is a join");
    }

    #[tokio::test]
    async fn only_columns_that_are_looked_at_are_read() {
        let of_columns = |sql: &'static str| async move { of(sql).await.tables[0].reads.row_bytes };
        assert_eq!(of_columns("SELECT a FROM t").await, 4);
        assert_eq!(of_columns("SELECT a FROM t WHERE c > 1").await, 12);
        assert_eq!(of_columns("SELECT count(*) FROM t").await, 4);
        assert_eq!(of_columns("SELECT count(*) FROM (SELECT DISTINCT * FROM t)").await, 4 + 20 + 8);
    }

    #[tokio::test]
    async fn what_depends_on_the_order_of_rows_is_named() {
        assert_eq!(of("SELECT first(a) FROM t").await.shape.by_order.as_deref(), Some("first"));
        assert_eq!(of("SELECT rand() FROM t").await.shape.by_order.as_deref(), Some("rand"));
        assert_eq!(of("SELECT sum(a) FROM t").await.shape.by_order, None);
    }

    #[tokio::test]
    async fn joins_of_whole_tables_are_told() {
        let count = |sql: &'static str| async move { of(sql).await.shape.whole_joins.len() };
        assert_eq!(count("SELECT * FROM t JOIN u USING (a)").await, 1);
        assert_eq!(count("SELECT * FROM t JOIN u USING (a) LEFT JOIN u AS v ON v.a = t.a").await, 2);
        assert_eq!(count("SELECT * FROM t JOIN (SELECT * FROM u WHERE d > 1) AS u USING (a)").await, 0);
        assert_eq!(count("SELECT * FROM t, u WHERE t.a = u.a AND c > 1").await, 0);
    }

    #[tokio::test]
    async fn ranges_and_data_at_hand_have_an_order() {
        assert!(of("SELECT sum(id) FROM range(10)").await.shape.ordered_source.is_some());
    }
}
