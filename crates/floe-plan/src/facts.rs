//! What a router wants to know of a plan: tables with their sizes, functions, operators.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};
use floe_route::{Facts, TableFacts};

use crate::{Planned, Recursion};

/// The facts of a plan. Nothing is read and nothing is asked: sizes were loaded with the names.
pub fn facts(planned: &Planned) -> Facts {
    let mut facts = Facts { tables: planned.tables.clone(), ..Facts::default() };
    // A subquery's plan stands inside an expression; it is walked like the rest.
    let _ = planned.plan.apply_with_subqueries(|plan| {
        facts.operators.extend(operator(plan).map(str::to_string));
        let _ = plan.apply_expressions(|expression| {
            expression.apply(|inner| {
                function(inner, &mut facts.functions);
                Ok(TreeNodeRecursion::Continue)
            })
        });
        Ok(TreeNodeRecursion::Continue)
    });
    facts
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

/// What is known of a loaded table, under the name a person would use for it.
pub(crate) fn of_table(table: &floe_catalog::Table) -> TableFacts {
    TableFacts {
        name: table.name.as_ref().map_or_else(|| table.format.clone(), ToString::to_string),
        format: table.format.clone(),
        bytes: table.statistics.bytes,
        rows: table.statistics.rows,
        reachable: table.reachable.clone(),
    }
}
