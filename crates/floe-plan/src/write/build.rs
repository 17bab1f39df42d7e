//! The vocabulary the queries of `write/` are written in: small makers of tree nodes.

use floe_syntax::expression::{Attribute, Star};
use floe_syntax::relation::{GroupBy, Join, JoinConstraint, JoinKind, Select, TableName};
use floe_syntax::{Expression, ExpressionKind, Literal, Origin, Relation, RelationKind};

pub(super) fn column<S: AsRef<str>>(parts: &[S]) -> Expression {
    Expression::column(parts.iter().map(|part| part.as_ref().to_string()).collect(), Origin::Unknown)
}

/// A column that `*` does not show.
pub(super) fn hidden<S: AsRef<str>>(parts: &[S]) -> Expression {
    let parts = parts.iter().map(|part| part.as_ref().to_string()).collect();
    Expression::new(ExpressionKind::Attribute(Attribute { parts, plan_id: None, is_metadata: false }), Origin::Unknown)
}

pub(super) fn star() -> Expression {
    Expression::new(ExpressionKind::Star(Star::default()), Origin::Unknown)
}

pub(super) fn truth(value: bool) -> Expression {
    Expression::literal(Literal::Boolean(value), Origin::Unknown)
}

pub(super) fn call(name: &str, arguments: Vec<Expression>) -> Expression {
    Expression::call(name, arguments, Origin::Unknown)
}

/// True where the condition is TRUE, false where it is FALSE or NULL.
pub(super) fn holds(condition: Expression) -> Expression {
    call("coalesce", vec![condition, truth(false)])
}

pub(super) fn not(condition: Expression) -> Expression {
    call("not", vec![condition])
}

pub(super) fn and(left: Expression, right: Expression) -> Expression {
    call("and", vec![left, right])
}

pub(super) fn any(conditions: Vec<Expression>) -> Expression {
    let mut conditions = conditions.into_iter();
    let first = conditions.next().unwrap_or_else(|| truth(false));
    conditions.fold(first, |left, right| call("or", vec![left, right]))
}

pub(super) fn alias(child: Expression, name: &str) -> Expression {
    let kind = ExpressionKind::Alias { child: Box::new(child), names: vec![name.into()], metadata: None };
    Expression::new(kind, Origin::Unknown)
}

/// `CASE WHEN … THEN … ELSE otherwise END`; without branches it is `otherwise`.
pub(super) fn case(branches: Vec<(Expression, Expression)>, otherwise: Expression) -> Expression {
    if branches.is_empty() {
        return otherwise;
    }
    let kind = ExpressionKind::Case { operand: None, branches, otherwise: Some(Box::new(otherwise)) };
    Expression::new(kind, Origin::Unknown)
}

pub(super) fn relation(kind: RelationKind) -> Relation {
    Relation::new(kind, Origin::Unknown)
}

/// The target under the name its columns go by in the statement.
pub(super) fn table(name: &TableName, alias: Option<&str>) -> Relation {
    let table = relation(RelationKind::Table(name.clone()));
    match alias {
        Some(alias) => aliased(table, alias),
        None => table,
    }
}

pub(super) fn aliased(input: Relation, name: &str) -> Relation {
    relation(RelationKind::Alias { input, name: vec![name.into()], columns: Vec::new() })
}

/// How a statement names its target's columns: by the alias, else by the table's own name.
pub(super) fn qualifier(name: &TableName, alias: Option<&str>) -> Vec<String> {
    match alias {
        Some(alias) => vec![alias.into()],
        None => name.parts.last().cloned().into_iter().collect(),
    }
}

pub(super) fn qualified(qualifier: &[String], name: &str) -> Vec<String> {
    qualifier.iter().cloned().chain([name.to_string()]).collect()
}

pub(super) fn select(projection: Vec<Expression>, from: Relation, filter: Option<Expression>) -> Relation {
    select_of(false, projection, from, filter, GroupBy::None, None)
}

pub(super) fn select_of(
    distinct: bool,
    projection: Vec<Expression>,
    from: Relation,
    filter: Option<Expression>,
    group_by: GroupBy,
    having: Option<Expression>,
) -> Relation {
    relation(RelationKind::Select(Box::new(Select {
        hints: Vec::new(),
        distinct,
        projection,
        from: Some(from),
        filter,
        group_by,
        having,
        windows: Vec::new(),
    })))
}

pub(super) fn join(left: Relation, right: Relation, kind: JoinKind, on: Expression) -> Relation {
    let constraint = JoinConstraint::On(on);
    relation(RelationKind::Join(Box::new(Join { left, right, kind, constraint, lateral: false })))
}
