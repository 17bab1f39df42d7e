//! `df.na.drop(…)`: rows with too many NULLs or NaNs left out.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, lit, when};
use floe_base::{Origin, Result};
use floe_functions::{Typed, condition};
use floe_syntax::Relation;

use crate::resolver::{Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn drop_na<'t>(
        &self,
        input: &'t Relation,
        columns: &[String],
        min_non_nulls: Option<i32>,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let columns = self.named_columns(&rows, columns, origin)?;
        let mut present: Vec<Typed> = Vec::with_capacity(columns.len());
        for column in &columns {
            let value = column.typed();
            let is_there = condition::is_not_null(value.clone());
            present.push(match value.data_type {
                DataType::Float32 | DataType::Float64 => {
                    let is_nan = self.apply("isnan", vec![value], "isnan", origin)?;
                    condition::and(is_there, condition::not(is_nan))
                }
                _ => is_there,
            });
        }
        let all = i32::try_from(columns.len()).unwrap_or(i32::MAX);
        let least = min_non_nulls.unwrap_or(all);
        if least >= all && least == all {
            return rows.filter(condition::all(present).expr);
        }
        let ones = present.into_iter().map(|value| when(value.expr, lit(1_i32)).otherwise(lit(0_i32)));
        let ones = ones.collect::<datafusion::common::Result<Vec<Expr>>>()?;
        let count = ones.into_iter().reduce(|left, right| left + right).unwrap_or_else(|| lit(0_i32));
        rows.filter(count.gt_eq(lit(least)))
    }
}
