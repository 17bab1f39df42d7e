//! Joins: the names of both sides' columns never meet, for ids are never used twice.

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::Join;

use super::passed;
use crate::write::{Refused, Result, Writer, dialect::Argument};

impl Writer<'_> {
    pub(super) fn join(self, join: &Join) -> Result<String> {
        if join.null_aware {
            return Err(Refused::new("operator null-aware join"));
        }
        let (left, right) = (join.left.schema(), join.right.schema());
        let both = left.join(right)?;
        let mut conditions = Vec::with_capacity(join.on.len() + 1);
        for (a, b) in &join.on {
            let (a, b) = (self.argument(a, left)?, self.argument(b, right)?);
            conditions.push(self.equal(a, b, join.null_equality)?);
        }
        if let Some(filter) = &join.filter {
            conditions.push(self.expression(filter, &both)?);
        }
        let kind = match join.join_type {
            JoinType::Inner if conditions.is_empty() => "CROSS JOIN",
            JoinType::Inner => "JOIN",
            JoinType::Left => "LEFT JOIN",
            JoinType::Right => "RIGHT JOIN",
            JoinType::Full => "FULL JOIN",
            JoinType::LeftSemi => "SEMI JOIN",
            JoinType::LeftAnti => "ANTI JOIN",
            other => return Err(Refused::new(format!("operator {other} join"))),
        };
        let on = match conditions.is_empty() {
            true if kind == "CROSS JOIN" => String::new(),
            true => " ON TRUE".into(),
            false => format!(" ON {}", conditions.join(" AND ")),
        };
        let (left, right) = (self.from(&join.left)?, self.from(&join.right)?);
        Ok(format!("SELECT {} FROM {left} {kind} {right}{on}", passed(&join.schema)))
    }

    fn equal(self, left: Argument, right: Argument, nulls: NullEquality) -> Result<String> {
        use datafusion::logical_expr::Operator;
        let operator = match nulls {
            NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
            NullEquality::NullEqualsNothing => Operator::Eq,
        };
        let refused = Refused::new(format!("a join on {}", left.field.data_type()));
        let boolean = arrow_schema::DataType::Boolean;
        self.dialect.operator(operator, left, right, &boolean).ok_or(refused)
    }
}
