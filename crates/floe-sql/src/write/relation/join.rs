//! Joins: the names of both sides' columns never meet, for ids are never used twice.

use datafusion::common::{JoinType, NullEquality};
use datafusion::logical_expr::{Expr, Join};

use crate::write::block::Block;
use crate::write::correlated::Correlated;
use crate::write::dialect::Argument;
use crate::write::{Refused, Result, Writer, column};

impl Writer<'_> {
    pub(super) fn join(self, join: &Join) -> Result<Block> {
        if join.null_aware {
            return self.not_in(join);
        }
        if self.dialect.correlates()
            && let Some(correlated) = Correlated::of(join, self.shared)
        {
            return self.for_each(join, &correlated);
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
            JoinType::LeftSemi | JoinType::LeftAnti if join.filter.is_some() => {
                return self.exists_in(join, conditions);
            }
            JoinType::Inner if conditions.is_empty() => "CROSS JOIN",
            JoinType::Inner => "JOIN",
            JoinType::Left => "LEFT JOIN",
            JoinType::Right => "RIGHT JOIN",
            JoinType::Full => "FULL JOIN",
            JoinType::LeftSemi => "SEMI JOIN",
            JoinType::LeftAnti => "ANTI JOIN",
            JoinType::LeftMark => return self.marked(join, &conditions),
            other => return Err(Refused::new(format!("operator {other} join"))),
        };
        let on = match conditions.is_empty() {
            true if kind == "CROSS JOIN" => String::new(),
            true => " ON TRUE".into(),
            false => format!(" ON {}", conditions.join(" AND ")),
        };
        // Conditions of a side that the join keeps whole may wait until after it.
        let keeps_left =
            matches!(join.join_type, JoinType::Inner | JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti);
        let keeps_right = join.join_type == JoinType::Inner;
        let left = self.block(&join.left)?.side(|| self.columns(left), keeps_left);
        let right = self.block(&join.right)?.side(|| self.columns(right), keeps_right);
        let waiting = left.conditions.into_iter().chain(right.conditions).collect();
        Ok(Block::joined(format!("{} {kind} {}{on}", left.from, right.from), waiting))
    }

    /// The left side's rows, each beside its groups.
    fn for_each(self, join: &Join, correlated: &Correlated<'_>) -> Result<Block> {
        let (left, groups) = (join.left.schema(), correlated.aggregate);
        let equal = |(own, key): &(&Expr, &Expr)| {
            let (key, own) = (self.argument(key, groups.input.schema())?, self.argument(own, left)?);
            self.equal(key, own, join.null_equality)
        };
        let condition = correlated.keys.iter().map(equal).collect::<Result<Vec<_>>>()?.join(" AND ");
        let right = Writer { within: Some((groups, &condition)), ..self }.from(&join.right)?;
        let left = self.block(&join.left)?.side(|| self.columns(left), true);
        Ok(Block::joined(format!("{} LEFT JOIN LATERAL {right} ON TRUE", left.from), left.conditions))
    }

    /// Rows for which the right side has one, or none, by more than equal keys. Of EXISTS an engine looks only at the keys
    /// there are on the left (DuckDB 1.5); of a join it takes in the whole right side.
    fn exists_in(self, join: &Join, conditions: Vec<String>) -> Result<Block> {
        let not = if join.join_type == JoinType::LeftAnti { "NOT " } else { "" };
        let right = self.block(&join.right)?.side(|| self.columns(join.right.schema()), true);
        let conditions: Vec<String> = right.conditions.into_iter().chain(conditions).collect();
        let exists = format!("({not}EXISTS (SELECT 1 FROM {} WHERE {}))", right.from, conditions.join(" AND "));
        Ok(self.open(&join.left)?.filtered(exists))
    }

    /// The left side's rows, each with whether the right side has one for it.
    fn marked(self, join: &Join, conditions: &[String]) -> Result<Block> {
        let names = column::all(&join.schema);
        let own = join.left.schema().fields().len();
        let ([mark], true) = (names.get(own..).unwrap_or_default(), !conditions.is_empty()) else {
            return Err(Refused::new("operator mark join of an unknown form"));
        };
        let right = self.from(&join.right)?;
        let mut list = self.columns(join.left.schema());
        list.push(format!("EXISTS (SELECT 1 FROM {right} WHERE {}) AS {mark}", conditions.join(" AND ")));
        Ok(self.open(&join.left)?.with_outputs(list))
    }

    /// Rows whose key is not among the right side's, by the rules of NOT IN: a NULL on either side says nothing.
    fn not_in(self, join: &Join) -> Result<Block> {
        let ([(left_key, right_key)], JoinType::LeftAnti) = (join.on.as_slice(), join.join_type) else {
            return Err(Refused::new("operator null-aware join over several keys"));
        };
        let (left, right) = (join.left.schema(), join.right.schema());
        let key = self.expression(left_key, left)?;
        let keys = self.expression(right_key, right)?;
        let mut among = format!("SELECT {keys} FROM {}", self.from(&join.right)?);
        if let Some(filter) = &join.filter {
            among.push_str(&format!(" WHERE {}", self.expression(filter, &left.join(right)?)?));
        }
        Ok(self.open(&join.left)?.filtered(format!("({key} NOT IN ({among}))")))
    }

    fn equal(self, left: Argument, right: Argument, nulls: NullEquality) -> Result<String> {
        use datafusion::logical_expr::Operator;
        let operator = match nulls {
            NullEquality::NullEqualsNull => Operator::IsNotDistinctFrom,
            NullEquality::NullEqualsNothing => Operator::Eq,
        };
        let refused = Refused::new(format!("a join on {}", left.field.data_type()));
        let boolean = arrow_schema::DataType::Boolean;
        self.dialect.operator(operator, left, right, &boolean, false).ok_or(refused)
    }
}
