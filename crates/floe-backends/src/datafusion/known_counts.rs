//! Aggregates that statistics answer, as `count(*)` over a table. Not over joins: of a join by keys and a further condition
//! all columns of both sides are compared, and where two of them have no value in common it is told to have no rows at all
//! (DataFusion 53.1 `estimate_disjoint_inputs`).

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNode;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::aggregate_statistics::AggregateStatistics;
use datafusion::physical_plan::ExecutionPlan;

/// DataFusion's rule, kept to plans without joins.
#[derive(Debug, Default)]
pub(super) struct KnownCounts(AggregateStatistics);

impl PhysicalOptimizerRule for KnownCounts {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        match plan.exists(|node| Ok(node.name().ends_with("JoinExec")))? {
            true => Ok(plan),
            false => self.0.optimize(plan, config),
        }
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}
