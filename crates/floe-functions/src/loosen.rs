//! Conditions with guards no wider than they have to be, for an engine that may raise where Spark does not: who runs it
//! asks elsewhere then. What a guard is, and how it is built: `condition.rs`.
//!
//! A guard over the columns of all tables keeps an engine from looking at the condition before it has joined them. Spark
//! itself evaluates a part as soon as it has the part's own tables (4.1 `PushPredicateThroughJoin`).

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::Kernel;
use crate::condition::{guarded_by, guards, joined, raises, split, unguarded};

/// The condition of a filter over `input`; `None` where it has no guards. A part that raises by overflow alone stands bare:
/// numbers near the end of their type are rare, and what raises is asked elsewhere.
pub fn loosened(condition: &Expr, input: &LogicalPlan) -> Option<Expr> {
    if !raises(condition) {
        return None;
    }
    let mut tables = Vec::new();
    tables_of(input, &mut tables);
    let (mut parts, mut is_changed) = (Vec::new(), false);
    split(condition.clone(), &mut parts);
    let loose = |part: Expr| {
        let Some(known) = guards(&part) else { return part };
        is_changed = true;
        loose(known, unguarded(part), &tables)
    };
    let parts: Vec<Expr> = parts.into_iter().map(loose).collect();
    joined(parts).filter(|_| is_changed)
}

/// A part with the guards that it needs at its tables.
fn loose(known: Vec<Expr>, bare: Expr, tables: &[&DFSchema]) -> Expr {
    if only_overflows(&bare) {
        return unbound(bare);
    }
    let own: Vec<&DFSchema> = tables.iter().copied().filter(|table| mentions(&bare, table)).collect();
    let stays = |guard: &Expr| guard.column_refs().iter().all(|column| own.iter().any(|table| has(table, column)));
    match joined(known.into_iter().filter(stays).collect()) {
        Some(guard) => guarded_by(guard, bare),
        None => bare,
    }
}

/// A conjunction of parts that raise, of which each guards the next, without those guards: an equality that stands bare
/// is one that an engine can join by.
fn unbound(part: Expr) -> Expr {
    let Some(before) = guards(&part) else { return part };
    let parts = before.into_iter().chain([unguarded(part.clone())]).map(unbound);
    joined(parts.collect()).unwrap_or(part)
}

/// The inputs of joins, each by its columns.
fn tables_of<'a>(plan: &'a LogicalPlan, into: &mut Vec<&'a DFSchema>) {
    match plan {
        LogicalPlan::Join(join) => {
            tables_of(&join.left, into);
            tables_of(&join.right, into);
        }
        other => into.push(other.schema()),
    }
}

fn mentions(expr: &Expr, table: &DFSchema) -> bool {
    expr.column_refs().iter().any(|column| has(table, column))
}

fn has(table: &DFSchema, column: &Column) -> bool {
    table.maybe_index_of_column(column).is_some()
}

/// Whether all that may raise in it are sums, differences and products.
fn only_overflows(expr: &Expr) -> bool {
    let mut all = true;
    let visited = expr.apply(|node| {
        if let Expr::ScalarFunction(ScalarFunction { func, .. }) = node
            && let Some(kernel) = func.inner().as_any().downcast_ref::<Kernel>()
        {
            all &= !kernel.is_fallible() || matches!(func.name(), "+" | "-" | "*");
        }
        Ok(if all { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    all && visited.is_ok()
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;
    use datafusion::logical_expr::{LogicalPlanBuilder, table_scan};
    use datafusion::scalar::ScalarValue;

    use super::*;
    use crate::testing::{bind, column};
    use crate::{Context, Typed, condition};

    /// `a(x), b(y)`, not yet joined by any condition.
    fn product() -> datafusion::common::Result<LogicalPlan> {
        let table = |name: &str| {
            let column = arrow::datatypes::Field::new(name, DataType::Int32, true);
            table_scan(Some(name.to_uppercase()), &arrow::datatypes::Schema::new(vec![column]), None)
        };
        LogicalPlanBuilder::from(table("x")?.build()?).cross_join(table("y")?.build()?)?.build()
    }

    fn call(name: &str, left: Typed, right: Typed) -> Typed {
        bind(&Context::default(), name, vec![left, right]).unwrap_or_else(|error| panic!("{error}"))
    }

    fn int(name: &str) -> Typed {
        column(name, DataType::Int32, true)
    }

    fn more_than(value: Typed, least: i32) -> Typed {
        call(">", value, Typed::constant(ScalarValue::Int32(Some(least))))
    }

    #[test]
    fn sums_stand_bare_and_other_parts_keep_the_guards_of_their_own_tables() -> datafusion::common::Result<()> {
        let (own, others) = (more_than(int("y"), 0), more_than(int("x"), 1));
        let sum = more_than(call("+", int("x"), int("y")), 5);
        let guarded = condition::and(condition::and(others.clone(), own.clone()), sum.clone());
        let bare = others.expr.clone().and(own.expr.clone()).and(sum.expr.clone());
        assert_eq!(loosened(&guarded.expr, &product()?), Some(bare));

        // Several sums guard each other, too.
        let next = more_than(call("-", int("y"), int("x")), 7);
        let guarded = condition::and(condition::and(others.clone(), sum.clone()), next.clone());
        let bare = others.expr.clone().and(sum.expr.and(next.expr));
        assert_eq!(loosened(&guarded.expr, &product()?), Some(bare));

        let rest = call("=", call("%", int("y"), int("y")), Typed::constant(ScalarValue::Int32(Some(0))));
        let guarded = condition::and(condition::and(others.clone(), own.clone()), rest.clone());
        let part = guarded_by(own.expr.clone(), rest.expr);
        assert_eq!(loosened(&guarded.expr, &product()?), Some(others.expr.clone().and(own.expr).and(part)));
        assert_eq!(loosened(&others.expr, &product()?), None);
        Ok(())
    }
}
