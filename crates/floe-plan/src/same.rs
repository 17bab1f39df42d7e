//! Whether two plans give the same rows, whatever their columns are called: what `sameSemantics` asks, and what makes a
//! frame find the rows that were kept of it.
//!
//! Two lowerings of one text give other ids, so plans are walked side by side, children first, and what stands at the same
//! place in both is taken for the same column from there on. Operators that are not known here are never the same: a plan
//! that is called different is run, one that is wrongly called the same would show another's rows.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use datafusion::catalog::{MemTable, TableProvider};
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::memory::PartitionData;
use datafusion::datasource::source_as_provider;
use datafusion::functions_table::generate_series::GenerateSeriesTable;
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, TableScan, Unnest};
use floe_iceberg::scan::IcebergTable;

use crate::is_fence;

/// How tables that were written in between are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// The same table is the same, whatever is in it by now.
    Any,
    /// Only the same snapshot of it is. Files by path have no snapshots: the same paths are the same.
    Exact,
}

/// True where both plans give the same rows, column by column.
pub fn same(left: &LogicalPlan, right: &LogicalPlan, versions: Versions) -> bool {
    Walk { versions, columns: HashMap::new() }.plans(left, right)
}

/// A number that is the same for plans that are [`same`] (`semanticHash`).
pub fn semantic_hash(plan: &LogicalPlan) -> i32 {
    let mut hasher = DefaultHasher::new();
    let _ = plan.apply(|node| {
        discriminant(node).hash(&mut hasher);
        node.schema().fields().iter().for_each(|field| field.data_type().hash(&mut hasher));
        node.apply_expressions(|expression| {
            expression.apply(|inner| {
                match inner {
                    // A name does not count.
                    Expr::Alias(_) => return Ok(TreeNodeRecursion::Continue),
                    Expr::Literal(value, _) => value.hash(&mut hasher),
                    Expr::ScalarFunction(call) => call.name().hash(&mut hasher),
                    Expr::AggregateFunction(call) => call.func.name().hash(&mut hasher),
                    Expr::BinaryExpr(binary) => binary.op.hash(&mut hasher),
                    _ => {}
                }
                discriminant(inner).hash(&mut hasher);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

struct Walk {
    versions: Versions,
    /// A column of the left plan, as the right one calls it.
    columns: HashMap<Column, Column>,
}

impl Walk {
    fn plans(&mut self, left: &LogicalPlan, right: &LogicalPlan) -> bool {
        stacker::maybe_grow(64 * 1024, 2 * 1024 * 1024, || {
            discriminant(left) == discriminant(right)
                && left.inputs().len() == right.inputs().len()
                && left.inputs().iter().zip(right.inputs()).all(|(left, right)| self.plans(left, right))
                && self.operators(left, right)
                && self.expressions(left, right)
                && self.outputs(left, right)
        })
    }

    /// What an operator has beside its expressions.
    fn operators(&self, left: &LogicalPlan, right: &LogicalPlan) -> bool {
        use LogicalPlan as Plan;
        match (left, right) {
            (Plan::Projection(_), _) | (Plan::Filter(_), _) | (Plan::Union(_), _) | (Plan::Limit(_), _) => true,
            (Plan::Window(_), _) | (Plan::Values(_), _) => true,
            (Plan::Distinct(left), Plan::Distinct(right)) => {
                matches!((left, right), (Distinct::All(_), Distinct::All(_)))
            }
            (Plan::Sort(left), Plan::Sort(right)) => left.fetch == right.fetch,
            (Plan::Aggregate(left), Plan::Aggregate(right)) => left.group_expr.len() == right.group_expr.len(),
            (Plan::Join(left), Plan::Join(right)) => {
                left.join_type == right.join_type
                    && left.join_constraint == right.join_constraint
                    && left.null_equality == right.null_equality
                    && left.null_aware == right.null_aware
                    && left.on.len() == right.on.len()
            }
            (Plan::EmptyRelation(left), Plan::EmptyRelation(right)) => left.produce_one_row == right.produce_one_row,
            (Plan::TableScan(left), Plan::TableScan(right)) => self.scans(left, right),
            (Plan::Extension(_), Plan::Extension(_)) => is_fence(left) && is_fence(right),
            (Plan::Unnest(left), Plan::Unnest(right)) => {
                let known = |column: &Column| self.columns.get(column).cloned();
                let unnested: Option<Vec<Column>> = left.exec_columns.iter().map(known).collect();
                let depths = |unnest: &Unnest| -> Vec<(usize, usize)> {
                    unnest.list_type_columns.iter().map(|(index, list)| (*index, list.depth)).collect()
                };
                unnested.as_ref() == Some(&right.exec_columns)
                    && depths(left) == depths(right)
                    && left.struct_type_columns == right.struct_type_columns
                    && left.options.preserve_nulls == right.options.preserve_nulls
                    && left.options.recursions.is_empty()
                    && right.options.recursions.is_empty()
            }
            _ => false,
        }
    }

    fn scans(&self, left: &TableScan, right: &TableScan) -> bool {
        let (Ok(left_table), Ok(right_table)) = (source_as_provider(&left.source), source_as_provider(&right.source))
        else {
            return false;
        };
        left.projection == right.projection
            && left.fetch == right.fetch
            && self.tables(left_table.as_ref(), right_table.as_ref())
    }

    fn tables(&self, left: &dyn TableProvider, right: &dyn TableProvider) -> bool {
        // Files of lines are a plan over these lines.
        if let (Some(left), Some(right)) = (left.get_logical_plan(), right.get_logical_plan()) {
            return same(&left, &right, self.versions);
        }
        let (left, right) = (left.as_any(), right.as_any());
        if let (Some(left), Some(right)) = (left.downcast_ref::<MemTable>(), right.downcast_ref::<MemTable>()) {
            return same_rows(left, right);
        }
        if let (Some(left), Some(right)) = (left.downcast_ref::<IcebergTable>(), right.downcast_ref::<IcebergTable>()) {
            let snapshot = |table: &IcebergTable| table.version().snapshot.as_ref().map(|found| found.snapshot_id());
            return left.table().metadata.uuid() == right.table().metadata.uuid()
                && (self.versions == Versions::Any
                    || (snapshot(left) == snapshot(right)
                        && left.version().schema.schema_id() == right.version().schema.schema_id()));
        }
        if let (Some(left), Some(right)) = (left.downcast_ref::<ListingTable>(), right.downcast_ref::<ListingTable>()) {
            return left.table_paths() == right.table_paths()
                && left.schema() == right.schema()
                && format!("{:?}", left.options().format) == format!("{:?}", right.options().format);
        }
        let ranges = (left.downcast_ref::<GenerateSeriesTable>(), right.downcast_ref::<GenerateSeriesTable>());
        matches!(ranges, (Some(left), Some(right)) if format!("{left:?}") == format!("{right:?}"))
    }

    fn expressions(&self, left: &LogicalPlan, right: &LogicalPlan) -> bool {
        let (left, right) = (left.expressions(), right.expressions());
        left.len() == right.len()
            && left.into_iter().zip(right).all(|(left, right)| {
                let left = self.nameless(left, |column| self.columns.get(column).cloned());
                let right = self.nameless(right, |_| None);
                left.is_some() && left == right
            })
    }

    /// An expression without the names it gives; `None` where it holds a plan of its own.
    fn nameless(&self, expression: Expr, renamed: impl Fn(&Column) -> Option<Column>) -> Option<Expr> {
        let mut holds_plan = false;
        let done = expression.transform_up(|inner| {
            Ok(match inner {
                Expr::Alias(alias) => Transformed::yes(*alias.expr),
                Expr::Column(column) => {
                    let renamed = renamed(&column);
                    Transformed::yes(Expr::Column(renamed.unwrap_or(column)))
                }
                Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_) => {
                    holds_plan = true;
                    Transformed::no(inner)
                }
                other => Transformed::no(other),
            })
        });
        done.ok().map(|done| done.data).filter(|_| !holds_plan)
    }

    /// Columns at one place are one column from here on.
    fn outputs(&mut self, left: &LogicalPlan, right: &LogicalPlan) -> bool {
        let (left, right) = (left.schema(), right.schema());
        if left.fields().len() != right.fields().len() {
            return false;
        }
        for ((left_of, left), (right_of, right)) in left.iter().zip(right.iter()) {
            if left.data_type() != right.data_type() {
                return false;
            }
            let (left, right) =
                (Column::new(left_of.cloned(), left.name()), Column::new(right_of.cloned(), right.name()));
            self.columns.insert(left, right);
        }
        true
    }
}

/// The client's own data: there is no name to tell it by. What is being written right now is not looked at.
fn same_rows(left: &MemTable, right: &MemTable) -> bool {
    let same_batches = |(left, right): (&PartitionData, &PartitionData)| {
        let (Ok(left), Ok(right)) = (left.try_read(), right.try_read()) else { return false };
        left.len() == right.len()
            && left
                .iter()
                .zip(right.iter())
                .all(|(left, right)| left.num_rows() == right.num_rows() && left.columns() == right.columns())
    };
    left.batches.len() == right.batches.len() && left.batches.iter().zip(&right.batches).all(same_batches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Session;

    async fn are(left: &str, right: &str) -> bool {
        let session = Session::new();
        let (left, right) = (session.lower(left).await.expect("a plan"), session.lower(right).await.expect("a plan"));
        let same = same(&left.plan, &right.plan, Versions::Exact);
        assert!(!same || semantic_hash(&left.plan) == semantic_hash(&right.plan));
        same
    }

    #[tokio::test]
    async fn names_do_not_count_and_all_else_does() {
        let base = "SELECT a, sum(c) AS s FROM t WHERE b = 'x#1' GROUP BY a";
        assert!(are(base, "SELECT q.a AS other, sum(q.c) FROM t AS q WHERE q.b = 'x#1' GROUP BY q.a").await);
        assert!(!are(base, "SELECT a, sum(c) AS s FROM t WHERE b = 'x#2' GROUP BY a").await);
        assert!(!are(base, "SELECT a, max(c) AS s FROM t WHERE b = 'x#1' GROUP BY a").await);
        assert!(!are(base, "SELECT sum(c) AS s, a FROM t WHERE b = 'x#1' GROUP BY a").await);
        assert!(!are("SELECT a FROM t", "SELECT a FROM u").await);
    }

    #[tokio::test]
    async fn a_column_is_told_by_its_place() {
        assert!(!are("SELECT t.a FROM t JOIN u ON t.a = u.a", "SELECT u.a FROM t JOIN u ON t.a = u.a").await);
        assert!(!are("SELECT t.a FROM t JOIN u ON t.a = u.a", "SELECT t.a FROM t LEFT JOIN u ON t.a = u.a").await);
        assert!(are("SELECT l.a FROM t l JOIN t r ON l.a = r.a", "SELECT x.a FROM t x JOIN t y ON x.a = y.a").await);
        assert!(!are("SELECT l.a FROM t l JOIN t r ON l.a = r.a", "SELECT y.a FROM t x JOIN t y ON x.a = y.a").await);
    }
}
