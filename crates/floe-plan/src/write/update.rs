//! UPDATE: of the files with rows that match, those rows with new values and the others as they are.

use floe_base::{Error, Result};
use floe_syntax::command::Assignment;
use floe_syntax::relation::{GroupBy, TableName};
use floe_syntax::{Expression, ExpressionKind, Literal, Origin};

use super::build::{
    alias as named, case, column, hidden, holds, qualified, qualifier, select, select_of, table, truth,
};
use super::{Rewrite, TargetTable};

/// `UPDATE target [AS alias] SET … WHERE condition`, of this table.
pub fn update(
    target: &TableName,
    alias: Option<&str>,
    assignments: &[Assignment],
    condition: Option<Expression>,
    of: &TargetTable<'_>,
) -> Result<Rewrite> {
    let prefix = qualifier(target, alias);
    let values = assigned(assignments, &prefix, of)?;
    let from = table(target, alias);
    let condition = condition.unwrap_or_else(|| truth(true));
    let file = hidden(&qualified(&prefix, "_file"));
    let touched = select_of(true, vec![file], from.clone(), Some(condition.clone()), GroupBy::None, None);
    let projection = of.columns.iter().zip(values).map(|(name, value)| {
        let old = column(&qualified(&prefix, name));
        let new = match value {
            Some(value) => case(vec![(holds(condition.clone()), value)], old),
            None => old,
        };
        named(new, name)
    });
    let rows = select(projection.collect(), from, None);
    Ok(Rewrite { target: target.clone(), touched, violations: None, rows, inserts: false })
}

/// The new value of each column, `None` where it stays. Assigning a member of a struct changes that member only.
pub(super) fn assigned(
    assignments: &[Assignment],
    prefix: &[String],
    of: &TargetTable<'_>,
) -> Result<Vec<Option<Expression>>> {
    let columns = of.columns;
    let mut values: Vec<Option<Expression>> = columns.iter().map(|_| None).collect();
    for assignment in assignments {
        let (index, members) = target_of(assignment, prefix, columns)?;
        let slot = values.get_mut(index).ok_or_else(|| Error::internal("an assignment outside the table"))?;
        let value = match &assignment.value.kind {
            ExpressionKind::Default => Expression::literal(Literal::Null(floe_syntax::DataType::Null), Origin::Unknown),
            _ => assignment.value.clone(),
        };
        let name = columns.get(index).map(String::as_str).unwrap_or_default();
        let mut place = qualified(prefix, name);
        place.extend(members.iter().cloned());
        let value = stored(value, column(&place), of.name);
        if members.is_empty() {
            if slot.is_some() {
                return Err(conflicting(assignment));
            }
            *slot = Some(value);
            continue;
        }
        let base = slot.take().unwrap_or_else(|| column(&qualified(prefix, name)));
        let kind = ExpressionKind::UpdateField {
            child: Box::new(base),
            field: members.join("."),
            value: Some(Box::new(value)),
        };
        *slot = Some(Expression::new(kind, assignment.origin.clone()));
    }
    Ok(values)
}

fn stored(value: Expression, place: Expression, table: &[String]) -> Expression {
    let origin = value.origin.clone();
    let kind =
        ExpressionKind::StoreAssignment { value: Box::new(value), place: Box::new(place), table: table.to_vec() };
    Expression::new(kind, origin)
}

/// The column an assignment is for, and the path inside it.
fn target_of<'a>(assignment: &'a Assignment, prefix: &[String], columns: &[String]) -> Result<(usize, &'a [String])> {
    let parts = assignment.column.as_slice();
    let unqualified = match parts.split_first() {
        Some((first, rest))
            if !rest.is_empty() && prefix.last().is_some_and(|last| last.eq_ignore_ascii_case(first)) =>
        {
            rest
        }
        _ => parts,
    };
    let position = |name: &str| columns.iter().position(|column| column.eq_ignore_ascii_case(name));
    for candidate in [unqualified, parts] {
        if let Some((first, members)) = candidate.split_first()
            && let Some(index) = position(first)
        {
            return Ok((index, members));
        }
    }
    let proposal = columns.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(Error::analysis("UNRESOLVED_COLUMN.WITH_SUGGESTION")
        .with("objectName", floe_base::error::quoted(parts))
        .with("proposal", proposal)
        .at(&assignment.origin))
}

fn conflicting(assignment: &Assignment) -> Error {
    let name = assignment.column.join(".");
    Error::analysis("DATATYPE_MISMATCH.INVALID_ROW_LEVEL_OPERATION_ASSIGNMENTS")
        .with("sqlExpr", name.clone())
        .with("errors", format!("\n- Multiple assignments for '{name}'"))
        .at(&assignment.origin)
}
