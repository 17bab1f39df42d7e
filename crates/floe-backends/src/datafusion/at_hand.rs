//! Plans whose rows are there already: constants, what a command answers, a client's own data as it came.
//!
//! A client that asks whether anybody listens, and dbt that asks for the tables of a schema, get such rows all day. Their
//! batches are given by the thread that asks: handing the work to the threads for queries would take longer than the work,
//! and to optimise a row of constants longer than all else that happens to it.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

/// The one row of a plan that is made of constants alone.
pub(super) fn constants(plan: &LogicalPlan) -> Option<RecordBatch> {
    let columns = row(plan)?;
    // Without a column nothing would say that there is a row.
    if columns.is_empty() {
        return None;
    }
    RecordBatch::try_new(Arc::clone(plan.schema().inner()), columns).ok()
}

fn row(plan: &LogicalPlan) -> Option<Vec<ArrayRef>> {
    match plan {
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row && empty.schema.fields().is_empty() => {
            Some(Vec::new())
        }
        LogicalPlan::Projection(projection) => {
            let below = row(&projection.input)?;
            let value = |expr: &Expr| match expr.clone().unalias() {
                Expr::Literal(value, _) => value.to_array().ok(),
                Expr::Column(column) => {
                    let index = projection.input.schema().maybe_index_of_column(&column)?;
                    below.get(index).cloned()
                }
                _ => None,
            };
            projection.expr.iter().map(value).collect()
        }
        _ => None,
    }
}

/// Whether nothing is computed but which columns go where.
pub(super) fn is_at_hand(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if plan.output_partitioning().partition_count() != 1 {
        return false;
    }
    let node = plan.as_any();
    if let Some(source) = node.downcast_ref::<DataSourceExec>() {
        return source.data_source().as_any().is::<MemorySourceConfig>();
    }
    if let Some(projection) = node.downcast_ref::<ProjectionExec>() {
        return projection.expr().iter().all(|column| is_plain(column.expr.as_any())) && is_at_hand(projection.input());
    }
    node.is::<PlaceholderRowExec>() || node.is::<EmptyExec>()
}

fn is_plain(expr: &dyn std::any::Any) -> bool {
    expr.is::<Column>() || expr.is::<Literal>()
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{LogicalPlanBuilder, col, lit};

    use super::*;

    #[test]
    fn a_row_of_constants_is_there_and_one_that_is_computed_is_not() -> datafusion::error::Result<()> {
        let one = || LogicalPlanBuilder::empty(true).project([lit(7_i32).alias("a"), lit("x").alias("b")]);
        let plan = one()?.project([col("b"), col("a").alias("c")])?.build()?;
        let row = constants(&plan).expect("a row");
        assert_eq!((row.num_rows(), row.num_columns()), (1, 2));
        assert_eq!(row.schema().field(1).name(), "c");
        assert!(constants(&one()?.project([col("a") + lit(1_i32)])?.build()?).is_none());
        assert!(constants(&LogicalPlanBuilder::empty(false).project([lit(1_i32)])?.build()?).is_none());
        assert!(constants(&LogicalPlanBuilder::empty(true).build()?).is_none());
        Ok(())
    }
}
