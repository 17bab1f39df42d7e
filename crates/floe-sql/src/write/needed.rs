//! Which columns of a plan anybody looks at: those of its result, and what the expressions behind them ask for.
//!
//! Ids are never used twice, so that one set of names does for the whole plan, subqueries included. A projection asks for
//! what stands behind its needed outputs alone (Spark's `ColumnPruning`); every other operator for all it mentions.

use std::collections::{HashMap, HashSet};

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan};

use super::column;

/// The needed columns of one plan, by their names in the text.
#[derive(Debug, Default)]
pub struct Needed(HashSet<String>);

impl Needed {
    /// Of a whole plan, whose own columns are all needed.
    pub fn of(plan: &LogicalPlan) -> Self {
        Self::with(plan, Vec::new())
    }

    /// The same, where columns (the first of each pair) are read from others.
    pub(super) fn with(plan: &LogicalPlan, read: Vec<(String, String)>) -> Self {
        let mut asked = Asked::default();
        for (name, from) in read {
            asked.behind.entry(name).or_default().push(from);
        }
        asked.all(plan);
        let _ = plan.apply_with_subqueries(|node| {
            asked.by(node);
            Ok(TreeNodeRecursion::Continue)
        });
        asked.closed()
    }

    /// Whether somebody looks at the column.
    pub fn has(&self, relation: Option<&TableReference>, name: &str) -> bool {
        self.0.contains(&column::name(relation, name))
    }
}

/// What is asked for, while the plan is walked.
#[derive(Default)]
struct Asked {
    /// By somebody who is there in any case.
    names: Vec<String>,
    /// By an output of a projection, if that is needed.
    behind: HashMap<String, Vec<String>>,
}

impl Asked {
    fn by(&mut self, node: &LogicalPlan) {
        match node {
            LogicalPlan::Projection(projection) => {
                for (expr, (relation, field)) in projection.expr.iter().zip(projection.schema.iter()) {
                    self.behind.entry(column::name(relation, field.name())).or_default().extend(columns(expr));
                    self.queries_in(expr);
                }
                return;
            }
            LogicalPlan::SubqueryAlias(alias) => {
                let pairs = alias.schema.iter().zip(alias.input.schema().iter());
                for ((to, outer), (from, inner)) in pairs {
                    self.behind
                        .entry(column::name(to, outer.name()))
                        .or_default()
                        .push(column::name(from, inner.name()));
                }
                return;
            }
            // These take columns by their place.
            LogicalPlan::Distinct(Distinct::All(_))
            | LogicalPlan::Union(_)
            | LogicalPlan::Unnest(_)
            | LogicalPlan::Extension(_) => {
                node.inputs().into_iter().for_each(|input| self.all(input));
            }
            _ => {}
        }
        let _ = node.apply_expressions(|expr| {
            self.names.extend(columns(expr));
            self.queries_in(expr);
            Ok(TreeNodeRecursion::Continue)
        });
    }

    fn all(&mut self, plan: &LogicalPlan) {
        self.names.extend(plan.schema().iter().map(|(relation, field)| column::name(relation, field.name())));
    }

    /// The results of queries inside an expression.
    fn queries_in(&mut self, expr: &Expr) {
        let _ = expr.apply(|inner| {
            match inner {
                Expr::ScalarSubquery(subquery) => self.all(&subquery.subquery),
                Expr::Exists(exists) => self.all(&exists.subquery.subquery),
                Expr::InSubquery(list) => self.all(&list.subquery.subquery),
                _ => {}
            }
            Ok(TreeNodeRecursion::Continue)
        });
    }

    /// With what stands behind each.
    fn closed(mut self) -> Needed {
        let mut needed = HashSet::new();
        while let Some(name) = self.names.pop() {
            if let Some(behind) = self.behind.remove(&name) {
                self.names.extend(behind);
            }
            needed.insert(name);
        }
        Needed(needed)
    }
}

/// The columns an expression asks for, those around a subquery among them.
fn columns(expr: &Expr) -> Vec<String> {
    let mut found = Vec::new();
    let _ = expr.apply(|inner| {
        if let Expr::Column(Column { relation, name, .. })
        | Expr::OuterReferenceColumn(_, Column { relation, name, .. }) = inner
        {
            found.push(column::name(relation.as_ref(), name));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}
