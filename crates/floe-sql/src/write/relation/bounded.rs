//! Keys of groups that have few values, by what computes them: an engine may keep such groups in an array in place of a
//! table of hashes, and does not always see by itself that it can.

use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;

/// The largest value that a key over these rows can have, and below zero the smallest. `None`: any may be there.
pub(super) fn bound(key: &Expr, rows: &LogicalPlan) -> Option<u64> {
    match (key, rows) {
        (Expr::Column(column), LogicalPlan::Projection(rows)) => {
            of_computed(rows.expr.get(rows.schema.maybe_index_of_column(column)?)?)
        }
        (key, _) => of_computed(key),
    }
}

fn of_computed(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Alias(named) => of_computed(&named.expr),
        // A remainder has the sign of what is divided.
        Expr::ScalarFunction(call) if call.name() == "%" => match call.args.as_slice() {
            [_, Expr::Literal(divisor, _)] => magnitude(divisor)?.checked_sub(1),
            _ => None,
        },
        _ => None,
    }
}

fn magnitude(value: &ScalarValue) -> Option<u64> {
    match value {
        ScalarValue::Int32(value) => value.map(|value| value.unsigned_abs().into()),
        ScalarValue::Int64(value) => value.map(i64::unsigned_abs),
        _ => None,
    }
}
