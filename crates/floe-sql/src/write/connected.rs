//! Whether a filter over joins leaves no product of two of its tables.

use datafusion::common::{DFSchema, JoinType};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, LogicalPlan, Operator};

/// True where equalities lead from each joined input to every other.
pub(super) fn is_connected(filter: &Filter) -> bool {
    let mut joined = Joined::default();
    joined.add(&filter.input);
    joined.connect(split_conjunction(&filter.predicate));
    joined.sides.len() > 1 && joined.group.iter().all(|group| *group == 0)
}

/// The inputs of inner joins, each with the first one that it is connected to.
#[derive(Default)]
struct Joined<'a> {
    sides: Vec<&'a DFSchema>,
    group: Vec<usize>,
}

impl<'a> Joined<'a> {
    fn add(&mut self, plan: &'a LogicalPlan) {
        match plan {
            LogicalPlan::Join(join) if join.join_type == JoinType::Inner => {
                self.add(&join.left);
                self.add(&join.right);
                join.on.iter().for_each(|(left, right)| self.equal(left, right));
                self.connect(join.filter.iter().flat_map(split_conjunction));
            }
            other => {
                self.group.push(self.sides.len());
                self.sides.push(other.schema());
            }
        }
    }

    fn connect<'e>(&mut self, conditions: impl IntoIterator<Item = &'e Expr>) {
        for condition in conditions {
            if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition {
                self.equal(left, right);
            }
        }
    }

    fn equal(&mut self, left: &Expr, right: &Expr) {
        let (Some(left), Some(right)) = (self.group_of(left), self.group_of(right)) else { return };
        let (first, other) = (left.min(right), left.max(right));
        self.group.iter_mut().filter(|group| **group == other).for_each(|group| *group = first);
    }

    /// The group of the one side all columns of the expression come from.
    fn group_of(&self, expr: &Expr) -> Option<usize> {
        let columns = expr.column_refs();
        let all_in = |schema: &&DFSchema| columns.iter().all(|column| schema.maybe_index_of_column(column).is_some());
        let side = self.sides.iter().position(all_in).filter(|_| !columns.is_empty())?;
        self.group.get(side).copied()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::Result;
    use datafusion::logical_expr::{LogicalPlanBuilder, col, lit, table_scan};

    use super::*;

    /// `FROM a, b, c WHERE condition`
    fn product(condition: Expr) -> Result<Filter> {
        let table = |name: &str| {
            let column = arrow_schema::Field::new("id", arrow_schema::DataType::Int32, true);
            table_scan(Some(name), &arrow_schema::Schema::new(vec![column]), None)
        };
        let plan = table("a")?.cross_join(table("b")?.build()?)?.cross_join(table("c")?.build()?)?;
        Filter::try_new(condition, std::sync::Arc::new(LogicalPlanBuilder::from(plan.build()?).build()?))
    }

    #[test]
    fn equalities_have_to_lead_to_every_table() -> Result<()> {
        let (a, b, c) = (|| col("a.id"), || col("b.id"), || col("c.id"));
        assert!(is_connected(&product(a().eq(b()).and(c().eq(b() + lit(1))))?));
        assert!(!is_connected(&product(a().eq(b()).and(c().gt(b())))?));
        assert!(!is_connected(&product(a().eq(b()).and(c().eq(lit(1))))?));
        assert!(!is_connected(&product(a().eq(b()).or(a().eq(c())))?));
        Ok(())
    }
}
