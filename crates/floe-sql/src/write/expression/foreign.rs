//! Expressions without a spelling: what they take from the engine becomes arguments, the rest stays as it is.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::{Expr, ExprSchemable};

use super::bare;
use crate::write::dialect::{Argument, Foreign, foreign_column};
use crate::write::{Refused, Result, Writer};

impl Writer<'_> {
    /// Hands the expression to the dialect, with its columns, subqueries and aggregates as arguments. `why` is what it is
    /// refused for otherwise.
    pub(super) fn foreign(self, expr: &Expr, input: &DFSchema, why: Refused) -> Result<String> {
        if is_the_engines(expr) || expr.is_volatile() {
            return Err(why);
        }
        let (_, field) = expr.to_field(input)?;
        let gives = bare(&field);
        let mut taken: Vec<Expr> = Vec::new();
        let body = expr.clone().transform_down(|node| {
            if !is_the_engines(&node) {
                return Ok(Transformed::no(node));
            }
            let index = taken.iter().position(|known| *known == node).unwrap_or(taken.len());
            if index == taken.len() {
                taken.push(node);
            }
            let column = Expr::Column(Column::new_unqualified(foreign_column(index)));
            Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
        })?;
        let mut arguments: Vec<Argument> = Vec::with_capacity(taken.len());
        for node in &taken {
            arguments.push(self.argument(node, input)?);
        }
        self.dialect.foreign(&Foreign { expr: &body.data, arguments: &arguments, gives, rows: self.rows_seen() }, why)
    }
}

/// What only the engine can give: values of rows, groups, windows and other queries.
fn is_the_engines(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Column(_)
            | Expr::OuterReferenceColumn(..)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_)
            | Expr::ScalarSubquery(_)
            | Expr::Exists(_)
            | Expr::InSubquery(_)
    )
}
