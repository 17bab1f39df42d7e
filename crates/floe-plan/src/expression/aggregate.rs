//! Aggregates, windows and generators are not computed where they are written: they are taken out of the expression, a
//! column stands in their place, and the relation computes them in operators of their own.

use std::cell::RefCell;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::NullTreatment;
use floe_base::{Error, Origin, Result};
use floe_functions::Typed;

use super::generator::Generated;
use super::{Clause, Inside, Names};
use crate::resolver::Resolver;
use crate::scope::{Id, reference};

/// What was taken out of the expressions of one relation.
#[derive(Default)]
pub(crate) struct Collector {
    pub(crate) aggregates: RefCell<Vec<(Expr, Id)>>,
    pub(crate) windows: RefCell<Vec<(Expr, Id)>>,
    pub(crate) generators: RefCell<Vec<Generated>>,
    /// `grouping(a)`, `grouping_id()`: the arguments, `None` for all keys; and whether it is one bit.
    pub(crate) groupings: RefCell<Vec<Grouping>>,
}

pub(crate) struct Grouping {
    pub(crate) id: Id,
    pub(crate) arguments: Vec<Typed>,
    pub(crate) one_bit: bool,
    pub(crate) origin: Origin,
}

impl Collector {
    pub(crate) fn has_aggregates(&self) -> bool {
        !self.aggregates.borrow().is_empty() || !self.groupings.borrow().is_empty()
    }

    pub(crate) fn is_aggregate(&self, id: Id) -> bool {
        self.aggregates.borrow().iter().any(|(_, known)| *known == id)
            || self.groupings.borrow().iter().any(|known| known.id == id)
    }

    pub(crate) fn is_window(&self, id: Id) -> bool {
        self.windows.borrow().iter().any(|(_, known)| *known == id)
    }
}

/// The column that stands for an expression taken out: the same expression is computed once.
pub(crate) fn taken(list: &RefCell<Vec<(Expr, Id)>>, expr: Expr, resolver: &Resolver<'_>) -> Expr {
    let known = list.borrow().iter().find(|(other, _)| *other == expr).map(|(_, id)| *id);
    let id = known.filter(|_| !expr.is_volatile()).unwrap_or_else(|| {
        let id = resolver.fresh();
        list.borrow_mut().push((expr, id));
        id
    });
    reference(id)
}

/// What a call adds to each aggregate its function is made of.
pub(crate) struct Modifiers {
    pub(crate) distinct: bool,
    pub(crate) filter: Option<Expr>,
    pub(crate) ignore_nulls: Option<bool>,
}

impl Modifiers {
    pub(crate) fn null_treatment(&self) -> Option<NullTreatment> {
        self.ignore_nulls.map(|ignore| if ignore { NullTreatment::IgnoreNulls } else { NullTreatment::RespectNulls })
    }
}

impl Resolver<'_> {
    /// Takes the aggregates out of a bound call.
    pub(crate) fn take_aggregates(
        &self,
        bound: Typed,
        modifiers: &Modifiers,
        text: &str,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let Some(collector) = names.collector else {
            return Err(misplaced(names.clause, text, origin));
        };
        if names.inside == Inside::Filter {
            return Err(Error::analysis("INVALID_AGGREGATE_FILTER.CONTAINS_AGGREGATE")
                .with("aggExpr", format!("\"{text}\""))
                .at(origin));
        }
        if names.inside == Inside::Aggregate {
            return Err(Error::analysis("NESTED_AGGREGATE_FUNCTION").at(origin));
        }
        let replace = |node: Expr| match node {
            Expr::AggregateFunction(mut function) => {
                function.params.distinct |= modifiers.distinct;
                function.params.filter = conjunction(function.params.filter.take(), modifiers.filter.clone());
                function.params.null_treatment = function.params.null_treatment.or(modifiers.null_treatment());
                let column = taken(&collector.aggregates, Expr::AggregateFunction(function), self);
                Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
            }
            other => Ok(Transformed::no(other)),
        };
        let expr = bound.expr.transform_down(replace)?.data;
        Ok(Typed { expr, ..bound })
    }

    /// `grouping(a)` and `grouping_id(a, b)`: known once the grouping sets are.
    pub(crate) fn grouping(
        &self,
        arguments: Vec<Typed>,
        one_bit: bool,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let Some(collector) = names.collector else {
            return Err(Error::analysis("UNSUPPORTED_GROUPING_EXPRESSION").at(origin));
        };
        let id = self.fresh();
        collector.groupings.borrow_mut().push(Grouping { id, arguments, one_bit, origin: origin.clone() });
        let data_type = if one_bit { arrow::datatypes::DataType::Int8 } else { arrow::datatypes::DataType::Int64 };
        Ok(Typed::new(reference(id), data_type, false))
    }
}

pub(crate) fn conjunction(left: Option<Box<Expr>>, right: Option<Expr>) -> Option<Box<Expr>> {
    match (left, right) {
        (Some(left), Some(right)) => Some(Box::new(left.and(right))),
        (left, right) => left.or(right.map(Box::new)),
    }
}

fn misplaced(clause: Clause, text: &str, origin: &Origin) -> Error {
    match clause {
        Clause::Where => Error::analysis("INVALID_WHERE_CONDITION")
            .with("condition", format!("\"{text}\""))
            .with("expressionList", text)
            .at(origin),
        Clause::GroupBy => Error::analysis("GROUP_BY_AGGREGATE").with("sqlExpr", text).at(origin),
        _ => Error::analysis("UNSUPPORTED_EXPR_FOR_OPERATOR").with("invalidExprSqls", format!("\"{text}\"")).at(origin),
    }
}
