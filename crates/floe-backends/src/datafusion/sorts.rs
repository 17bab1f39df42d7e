//! Sorts that an interrupt ends at once.
//!
//! A sort of many rows in memory puts a task for each of its batches on the threads, tens of thousands. A task that is told
//! to end hears of it where it waits, and that is behind all of those: they would be sorted to the last (DataFusion 53).
//! So each of them looks at the run's flag before it begins, where it computes its keys.
//!
//! And sorts that are to keep so many of the first rows that these are sorted like all others, for only that can spill.

use std::any::Any;
use std::fmt::{self, Display};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, FieldRef, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::{LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::limit::LocalLimitExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, PlanProperties};
use floe_functions::Interrupt;

use super::own_batches::owned;

/// The plan with sorts that look at the flag. Those that keep only the first rows hold few, in batches of their own; where
/// they are to keep many, all are sorted, for what keeps the first cannot spill.
pub(super) fn stoppable(plan: Arc<dyn ExecutionPlan>, interrupt: &Interrupt) -> Result<Arc<dyn ExecutionPlan>> {
    let stoppable = plan.transform_up(|node| match node.as_any().downcast_ref::<SortExec>() {
        Some(sort) if sort.fetch().is_some_and(|rows| rows <= MOST_KEPT) => {
            let input = owned(sort.input().clone());
            Ok(Transformed::yes(node.clone().with_new_children(vec![input])?))
        }
        Some(sort) => {
            let kept = sort.fetch();
            let sort = Stoppable { told: sort.with_fetch(None), interrupt: interrupt.clone() };
            let sort = Arc::new(sort) as Arc<dyn ExecutionPlan>;
            Ok(Transformed::yes(match kept {
                Some(rows) => Arc::new(LocalLimitExec::new(sort, rows)),
                None => sort,
            }))
        }
        _ => Ok(Transformed::no(node)),
    });
    Ok(stoppable?.data)
}

/// The most rows that are kept instead of sorted.
const MOST_KEPT: usize = 100_000;

/// A sort that tells what it is by its own keys, and sorts by keys that look at the flag.
#[derive(Debug)]
struct Stoppable {
    told: SortExec,
    interrupt: Interrupt,
}

impl Stoppable {
    fn watched(&self) -> Option<SortExec> {
        let watched = |key: &PhysicalSortExpr| {
            let expr = Arc::new(Key { expr: key.expr.clone(), interrupt: self.interrupt.clone() });
            PhysicalSortExpr { expr, options: key.options }
        };
        let keys = LexOrdering::new(self.told.expr().iter().map(watched))?;
        let sort = SortExec::new(keys, self.told.input().clone());
        Some(sort.with_preserve_partitioning(self.told.preserve_partitioning()))
    }
}

impl DisplayAs for Stoppable {
    fn fmt_as(&self, how: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told.fmt_as(how, f)
    }
}

impl ExecutionPlan for Stoppable {
    fn name(&self) -> &'static str {
        "StoppableSortExec"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.told.properties()
    }

    fn required_input_distribution(&self) -> Vec<Distribution> {
        self.told.required_input_distribution()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.told.children()
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let told: Arc<dyn ExecutionPlan> = Arc::new(self.told.clone());
        stoppable(told.with_new_children(children)?, &self.interrupt)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        match self.watched() {
            Some(sort) => sort.execute(partition, context),
            None => self.told.execute(partition, context),
        }
    }
}

/// A key of a sort, computed as long as the flag is down.
#[derive(Debug)]
struct Key {
    expr: Arc<dyn PhysicalExpr>,
    interrupt: Interrupt,
}

impl Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.expr, f)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.expr.eq(&other.expr)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.expr.hash(state);
    }
}

impl PhysicalExpr for Key {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn data_type(&self, schema: &Schema) -> Result<DataType> {
        self.expr.data_type(schema)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        self.expr.nullable(schema)
    }

    fn return_field(&self, schema: &Schema) -> Result<FieldRef> {
        self.expr.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        self.interrupt.check()?;
        self.expr.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.expr]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        let expr = children.into_iter().next().unwrap_or_else(|| self.expr.clone());
        Ok(Arc::new(Self { expr, interrupt: self.interrupt.clone() }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt_sql(f)
    }
}
