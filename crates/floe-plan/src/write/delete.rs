//! DELETE: of the files with rows that match, the rows that do not.

use floe_syntax::Expression;
use floe_syntax::relation::{GroupBy, TableName};

use super::Rewrite;
use super::build::{call, hidden, holds, not, qualified, qualifier, select, select_of, star, table};

/// `DELETE FROM target [AS alias] WHERE condition`. A condition that is NULL for a row keeps the row.
pub fn delete(target: &TableName, alias: Option<&str>, condition: Expression) -> Rewrite {
    let from = table(target, alias);
    let file = hidden(&qualified(&qualifier(target, alias), "_file"));
    let touched = select_of(true, vec![file], from.clone(), Some(condition.clone()), GroupBy::None, None);
    let kept = not(holds(condition));
    let rows = select(vec![star()], from, Some(kept));
    Rewrite { target: target.clone(), touched, violations: None, rows, inserts: false }
}

/// A count of something, for checks.
pub(super) fn count_of(expression: Expression) -> Expression {
    call("count", vec![expression])
}
