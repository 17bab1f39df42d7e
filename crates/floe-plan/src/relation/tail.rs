//! `df.tail(n)`: the last rows. How many there are is asked first.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Aggregate, LogicalPlan, lit};
use floe_base::Result;
use floe_syntax::{Expression, Relation};
use std::sync::Arc;

use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::{Column, Scope, label};

impl Resolver<'_> {
    pub(crate) fn tail<'t>(&self, input: &'t Relation, limit: &'t Expression, env: &Env<'t>) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let wanted = self.row_count(limit, "limit", env)?;
        let counted = self.ask(|| {
            let id = self.fresh();
            let exprs = vec![count(lit(1_i64)).alias(label(id))];
            let plan = LogicalPlan::Aggregate(Aggregate::try_new(Arc::new(rows.plan.clone()), Vec::new(), exprs)?);
            let field = arrow::datatypes::Field::new("count", arrow::datatypes::DataType::Int64, false);
            let counted = Rows::new(plan, Scope::new(vec![Column::new(id, field)]));
            crate::lower::planned_within(counted, self)
        })?;
        let total = counted
            .first()
            .and_then(|batch| batch.columns().first()?.as_primitive_opt::<Int64Type>()?.iter().next().flatten())
            .unwrap_or(0);
        Ok(rows.limit(Some(total.saturating_sub(wanted)), Some(wanted)))
    }
}
