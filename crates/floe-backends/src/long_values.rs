//! The long values that functions make of short ones, as far as the numbers of a query say: `repeat(name, 100000)`.
//!
//! A hint before anything is computed: how many rows a batch of DataFusion's has (`datafusion/wide_rows.rs`), and whether
//! DuckDB, whose vectors always have 2,048, is asked at all. How often a column says that a text is repeated nobody knows.

use datafusion::common::Result;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion, TreeNodeVisitor};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;

/// Bytes of an element of an array.
const ELEMENT: usize = 8;

/// Bytes of the longest value that the plan's expressions name or make; 0 where none says.
pub(crate) fn longest(plan: &LogicalPlan) -> Result<usize> {
    most(plan, |made| made.bytes)
}

/// The same of values that are made anew for each row.
pub(crate) fn longest_of_each_row(plan: &LogicalPlan) -> Result<usize> {
    most(plan, |made| made.bytes_each_row)
}

fn most(plan: &LogicalPlan, bytes: impl Fn(&Made) -> usize) -> Result<usize> {
    let mut most = 0;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            let mut visit = Visit::default();
            expr.visit(&mut visit)?;
            most = most.max(bytes(&visit.last));
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(most)
}

/// What an expression and those in it make.
#[derive(Clone, Copy, Debug, Default)]
struct Made {
    bytes: usize,
    bytes_each_row: usize,
    /// The largest number it can be told to come to: `1000 + id % 2` to about 1000.
    number: usize,
    has_column: bool,
}

impl Made {
    fn of(expr: &Expr, parts: &[Made]) -> Self {
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let mut made = parts.iter().fold(Self::default(), |all, part| Self {
            bytes: all.bytes.max(part.bytes),
            bytes_each_row: all.bytes_each_row.max(part.bytes_each_row),
            number: all.number.max(part.number),
            has_column: all.has_column || part.has_column,
        });
        let bytes = match expr {
            Expr::Column(_) => return Self { has_column: true, ..made },
            Expr::Literal(value, _) => {
                let number = integer(expr).map_or(0, |number| as_usize(number.unsigned_abs()));
                return Self { bytes: value.try_as_str().flatten().map_or(0, str::len), number, ..made };
            }
            Expr::ScalarFunction(call) => match call.func.name() {
                "%" | "mod" | "pmod" => return Self { number: part(1).number, ..made },
                "repeat" => part(1).number.saturating_mul(part(0).bytes.max(1)),
                "space" => part(0).number,
                "lpad" | "rpad" => part(1).number,
                "array_repeat" => part(1).number.saturating_mul(part(0).bytes.max(ELEMENT)),
                "sequence" => elements(&call.args).saturating_mul(ELEMENT),
                _ => 0,
            },
            _ => 0,
        };
        made.bytes = made.bytes.max(bytes);
        made.bytes_each_row = made.bytes_each_row.max(if made.has_column { bytes } else { 0 });
        made
    }
}

/// Of `sequence` between two numbers of the query; others are of columns, or of days.
fn elements(ends: &[Expr]) -> usize {
    let end = |at: usize| ends.get(at).and_then(integer);
    let (Some(start), Some(stop)) = (end(0), end(1)) else { return 0 };
    as_usize(start.abs_diff(stop) / end(2).unwrap_or(1).unsigned_abs().max(1))
}

fn integer(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int32(value), _) => value.map(i64::from),
        Expr::Literal(ScalarValue::Int64(value), _) => *value,
        Expr::Cast(cast) => integer(&cast.expr),
        _ => None,
    }
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Goes through an expression from its leaves up, once.
#[derive(Default)]
struct Visit {
    /// What the parts of each open expression make.
    open: Vec<Vec<Made>>,
    last: Made,
}

impl<'n> TreeNodeVisitor<'n> for Visit {
    type Node = Expr;

    fn f_down(&mut self, _: &'n Expr) -> Result<TreeNodeRecursion> {
        self.open.push(Vec::new());
        Ok(TreeNodeRecursion::Continue)
    }

    fn f_up(&mut self, expr: &'n Expr) -> Result<TreeNodeRecursion> {
        self.last = Made::of(expr, &self.open.pop().unwrap_or_default());
        if let Some(around) = self.open.last_mut() {
            around.push(self.last);
        }
        Ok(TreeNodeRecursion::Continue)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::functions::string::expr_fn::repeat;
    use datafusion::functions::unicode::expr_fn::lpad;
    use datafusion::logical_expr::{LogicalPlanBuilder, col, lit};

    use super::*;

    fn plan(expr: Expr) -> LogicalPlan {
        let rows = LogicalPlanBuilder::values(vec![vec![lit(7_i64), lit("ab")]]).and_then(|rows| rows.project([expr]));
        rows.and_then(LogicalPlanBuilder::build).expect("a plan")
    }

    fn longest_in(expr: Expr) -> usize {
        longest(&plan(expr)).expect("a plan that can be walked")
    }

    #[test]
    fn numbers_of_the_query_tell_how_long_values_are() {
        let many = lit(1000_i64) + col("column1");
        assert_eq!(longest_in(col("column2")), 2);
        assert_eq!(longest_in(repeat(lit("xyz"), many.clone())), 3000);
        assert_eq!(longest_in(repeat(repeat(col("column2"), lit(1000_i64)), many.clone())), 1_000_000);
        assert_eq!(longest_in(lpad(vec![col("column2"), many, lit(" ")])), 1000);
        assert_eq!(longest_in(repeat(lit("xyz"), lit(1_000_000_i64) + col("column1"))), 3_000_000);
        assert_eq!(longest_in(repeat(col("column2"), col("column1"))), 2);
        assert_eq!(longest_in(repeat(lit("x"), lit(i64::MAX))), usize::try_from(i64::MAX).expect("64 bits"));
    }
    #[test]
    fn a_constant_is_made_once() {
        let once = plan(repeat(lit("x"), lit(1_000_000_i64)));
        assert_eq!((longest(&once).ok(), longest_of_each_row(&once).ok()), (Some(1_000_000), Some(0)));
        let each = plan(repeat(lit("x"), lit(1_000_000_i64) + col("column1")));
        assert_eq!(longest_of_each_row(&each).ok(), Some(1_000_000));
    }
}
