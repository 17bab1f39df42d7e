//! Joins: their keys, their columns, and which of them can be NULL afterwards.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::logical_expr::Expr;
use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::{Typed, coerce};
use floe_syntax::relation::{Join, JoinConstraint, JoinKind};
use floe_syntax::{ExpressionKind, Literal, RelationKind};

use super::attached::holds_subquery;
use super::deduplicate::normal;
use super::join_keys::{conjuncts, joined_plan};
use crate::expression::generator::is_generator;
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Outer, Resolver};
use crate::rows::Rows;
use crate::scope::{Column, Id, Scope, Visibility};

impl Resolver<'_> {
    pub(crate) fn join<'t>(&self, join: &'t Join, env: &Env<'t>, origin: &Origin) -> Result<Rows> {
        let left = self.relation(&join.left, env)?;
        if join.lateral {
            return self.lateral_join(left, join, env, origin);
        }
        let right = self.relation(&join.right, env)?;
        self.joined(left, right, join.kind, &join.constraint, env, origin)
    }

    /// `LATERAL`: the right side sees the left's columns.
    fn lateral_join<'t>(&self, left: Rows, join: &'t Join, env: &Env<'t>, origin: &Origin) -> Result<Rows> {
        if let Some(rows) = self.lateral_function(&left, join, env)? {
            return Ok(rows);
        }
        let outer = Rc::new(Outer { scope: left.scope.clone(), parent: env.outer.clone(), used: RefCell::default() });
        let mut right = self.relation(&join.right, &env.inside(&outer))?;
        if outer.used.borrow().is_empty() {
            return self.joined(left, right, join.kind, &join.constraint, env, origin);
        }
        let freed = self.freed(right.plan, &left.plan, true)?;
        right.plan = freed.plan;
        let mut conditions = freed.conditions;
        match &join.constraint {
            JoinConstraint::None => {}
            JoinConstraint::On(condition) => {
                let both = side_by_side(&left.scope, &right.scope);
                conditions.push(self.condition(condition, &Names::new(&both, env, Clause::Join), "JOIN")?.expr);
            }
            JoinConstraint::Using(_) | JoinConstraint::Natural => {
                return Err(Error::analysis("UNSUPPORTED_FEATURE.LATERAL_JOIN_USING").at(origin));
            }
        }
        self.joined_on(left, right, join.kind, conditions)
    }

    /// `LATERAL explode(t.a) AS x`: a generator over the left's own rows.
    fn lateral_function<'t>(&self, left: &Rows, join: &'t Join, env: &Env<'t>) -> Result<Option<Rows>> {
        let (table, columns, relation) = match join.right.kind.as_ref() {
            RelationKind::Alias { input, name, columns } => (name.last(), columns.as_slice(), input),
            _ => (None, [].as_slice(), &join.right),
        };
        let RelationKind::TableFunction { call, with_ordinality: false, .. } = relation.kind.as_ref() else {
            return Ok(None);
        };
        let is_plain = matches!(join.constraint, JoinConstraint::None)
            || matches!(&join.constraint, JoinConstraint::On(condition)
                if matches!(condition.kind, ExpressionKind::Literal(Literal::Boolean(true))));
        let outer = match join.kind {
            JoinKind::Inner | JoinKind::Cross => false,
            JoinKind::LeftOuter => true,
            _ => return Ok(None),
        };
        if !is_plain || is_generator(call).is_none() {
            return Ok(None);
        }
        self.generated(left.clone(), call, outer, table.map(String::as_str), columns, env).map(Some)
    }

    /// Joins two lowered relations.
    pub(crate) fn joined(
        &self,
        left: Rows,
        right: Rows,
        kind: JoinKind,
        constraint: &JoinConstraint,
        env: &Env<'_>,
        origin: &Origin,
    ) -> Result<Rows> {
        match constraint {
            JoinConstraint::None => self.joined_on(left, right, kind, Vec::new()),
            JoinConstraint::On(condition) => {
                let both = side_by_side(&left.scope, &right.scope);
                let names = Names::new(&both, env, Clause::Join);
                let value = self.condition(condition, &names, "JOIN")?;
                self.joined_on(left, right, kind, vec![value.expr])
            }
            JoinConstraint::Using(names) => self.joined_using(left, right, kind, names, origin),
            JoinConstraint::Natural => {
                let shared = shared_names(&left.scope, &right.scope, self.case_sensitive);
                self.joined_using(left, right, kind, &shared, origin)
            }
        }
    }

    /// Joins on a condition, whose equalities become the engine's keys.
    pub(crate) fn joined_on(&self, left: Rows, right: Rows, kind: JoinKind, conditions: Vec<Expr>) -> Result<Rows> {
        let scope = joined_scope(&left.scope, &right.scope, kind);
        let (later, conditions): (Vec<Expr>, Vec<Expr>) =
            conditions.into_iter().flat_map(conjuncts).partition(holds_subquery);
        if !later.is_empty() && !matches!(kind, JoinKind::Inner | JoinKind::Cross) {
            return Err(Error::unsupported("a subquery in the condition of an outer join"));
        }
        let rows = Rows::new(joined_plan(left.plan, right.plan, engine_kind(kind), conditions)?, scope);
        match later.into_iter().reduce(Expr::and) {
            Some(condition) => self.filtered_by(rows, condition),
            None => Ok(rows),
        }
    }

    /// USING: the keys come first and once (Spark 4.1 `commonNaturalJoinProcessing`).
    fn joined_using(&self, left: Rows, right: Rows, kind: JoinKind, names: &[String], origin: &Origin) -> Result<Rows> {
        let mut pairs: Vec<(Column, Column)> = Vec::with_capacity(names.len());
        let mut conditions = Vec::with_capacity(names.len());
        for name in names {
            let first = self.using_column(&left.scope, name, "left", origin)?;
            let second = self.using_column(&right.scope, name, "right", origin)?;
            let values = coerce::unify(vec![first.typed(), second.typed()], self.context, origin);
            let Some(values) = values else {
                return Err(Error::analysis("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES")
                    .with("sqlExpr", format!("\"({name} = {name})\""))
                    .with("left", format!("\"{}\"", first.typed().spark_type().sql()))
                    .with("right", format!("\"{}\"", second.typed().spark_type().sql()))
                    .at(origin));
            };
            let [a, b] = <[Typed; 2]>::try_from(values?).map_err(|_| Error::internal("a pair is no pair"))?;
            conditions.push(normal(a).expr.eq(normal(b).expr));
            pairs.push((first, second));
        }
        let rows = self.joined_on(left.clone(), right.clone(), kind, conditions)?;
        self.using_columns(rows, &left.scope, &right.scope, kind, &pairs, origin)
    }

    fn using_columns(
        &self,
        rows: Rows,
        left: &Scope,
        right: &Scope,
        kind: JoinKind,
        pairs: &[(Column, Column)],
        origin: &Origin,
    ) -> Result<Rows> {
        let keys: HashSet<Id> = pairs.iter().flat_map(|(first, second)| [first.id, second.id]).collect();
        let now = |column: &Column| rows.scope.by_id(column.id).cloned().unwrap_or_else(|| column.clone());
        let rest = |scope: &Scope| -> Vec<Column> {
            scope.columns.iter().filter(|column| !keys.contains(&column.id)).map(now).collect()
        };
        let hidden = |column: &Column| Column { visibility: Visibility::Qualified, ..now(column) };
        let mut added = Vec::new();
        let mut columns = Vec::new();
        let mut behind = Vec::new();
        for (first, second) in pairs {
            match kind {
                JoinKind::RightOuter => {
                    columns.push(now(second));
                    behind.push(hidden(first));
                }
                JoinKind::FullOuter => {
                    let value = self.first_of(&now(first), &now(second), origin)?;
                    let column = self.column(first.name(), &value);
                    added.push((value.expr, column.id));
                    columns.push(column);
                    behind.extend([hidden(first), hidden(second)]);
                }
                JoinKind::LeftSemi | JoinKind::LeftAnti => columns.push(now(first)),
                JoinKind::Inner | JoinKind::Cross | JoinKind::LeftOuter => {
                    columns.push(now(first));
                    behind.push(hidden(second));
                }
            }
        }
        columns.extend(rest(left));
        if !matches!(kind, JoinKind::LeftSemi | JoinKind::LeftAnti) {
            columns.extend(rest(right));
        }
        columns.extend(behind);
        Ok(rows.extend(added)?.with_scope(Scope::new(columns)))
    }

    /// The first of two that is not NULL.
    fn first_of(&self, first: &Column, second: &Column, origin: &Origin) -> Result<Typed> {
        let values = coerce::unify(vec![first.typed(), second.typed()], self.context, origin)
            .ok_or_else(|| Error::internal("keys that were equal have no common type"))??;
        let [a, b] = <[Typed; 2]>::try_from(values).map_err(|_| Error::internal("a pair is no pair"))?;
        let (data_type, nullable) = (a.data_type.clone(), a.nullable && b.nullable);
        let when = vec![(Box::new(a.expr.clone().is_not_null()), Box::new(a.expr))];
        let case = datafusion::logical_expr::expr::Case::new(None, when, Some(Box::new(b.expr)));
        Ok(Typed::new(Expr::Case(case), data_type, nullable))
    }

    fn using_column(&self, scope: &Scope, name: &str, side: &str, origin: &Origin) -> Result<Column> {
        let found: Vec<&Column> = scope.find(name, self.case_sensitive);
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => {
                let known: Vec<String> = scope.shown().map(|column| quoted(&[column.name()])).collect();
                Err(Error::analysis("UNRESOLVED_USING_COLUMN_FOR_JOIN")
                    .with("colName", quoted(&[name]))
                    .with("side", side)
                    .with("suggestion", known.join(", "))
                    .at(origin))
            }
            several => Err(crate::problem::ambiguous(&[name.to_string()], several, origin)),
        }
    }
}

fn shared_names(left: &Scope, right: &Scope, case_sensitive: bool) -> Vec<String> {
    let same = |name: &str| right.shown().any(|column| crate::scope::same_name(column.name(), name, case_sensitive));
    left.shown().map(Column::name).filter(|name| same(name)).map(String::from).collect()
}

/// Both sides' columns, for the condition.
pub(crate) fn side_by_side(left: &Scope, right: &Scope) -> Arc<Scope> {
    Scope::new(left.columns.iter().chain(&right.columns).cloned().collect())
}

fn joined_scope(left: &Scope, right: &Scope, kind: JoinKind) -> Arc<Scope> {
    let (left_nulls, right_nulls) = match kind {
        JoinKind::Inner | JoinKind::Cross => (false, false),
        JoinKind::LeftOuter => (false, true),
        JoinKind::RightOuter => (true, false),
        JoinKind::FullOuter => (true, true),
        JoinKind::LeftSemi | JoinKind::LeftAnti => return Scope::new(left.columns.clone()),
    };
    let with_nulls = |column: &Column, nulls: bool| {
        let nullable = nulls || column.field.is_nullable();
        column.clone().with_nullable(nullable)
    };
    let left = left.columns.iter().map(|column| with_nulls(column, left_nulls));
    let right = right.columns.iter().map(|column| with_nulls(column, right_nulls));
    Scope::new(left.chain(right).collect())
}

fn engine_kind(kind: JoinKind) -> JoinType {
    match kind {
        JoinKind::Inner | JoinKind::Cross => JoinType::Inner,
        JoinKind::LeftOuter => JoinType::Left,
        JoinKind::RightOuter => JoinType::Right,
        JoinKind::FullOuter => JoinType::Full,
        JoinKind::LeftSemi => JoinType::LeftSemi,
        JoinKind::LeftAnti => JoinType::LeftAnti,
    }
}
