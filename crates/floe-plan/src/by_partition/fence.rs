//! An operator that does nothing, and that nothing crosses: a filter written above `rand` must not be computed below it.
//!
//! A backend has to bring the rows through it as they come, those of a partition in their order.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use datafusion::common::{DFSchemaRef, DataFusionError, Result};
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fence {
    input: LogicalPlan,
}

impl Fence {
    /// A fence over a plan; one over another would be no more.
    pub(super) fn over(plan: LogicalPlan) -> LogicalPlan {
        if is_fence(&plan) {
            return plan;
        }
        LogicalPlan::Extension(Extension { node: Arc::new(Self { input: plan }) })
    }

    pub(super) fn input(&self) -> &LogicalPlan {
        &self.input
    }
}

/// Whether an operator is a fence.
pub fn is_fence(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Extension(extension) if extension.node.as_any().is::<Fence>())
}

impl PartialOrd for Fence {
    fn partial_cmp(&self, _: &Self) -> Option<Ordering> {
        None
    }
}

impl UserDefinedLogicalNodeCore for Fence {
    fn name(&self) -> &str {
        "Fence"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fence")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let [input] = <[LogicalPlan; 1]>::try_from(inputs)
            .map_err(|_| DataFusionError::Internal("a fence stands over one plan".into()))?;
        Ok(Self { input })
    }

    /// What nobody above needs is not needed below either.
    fn necessary_children_exprs(&self, needed: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![needed.to_vec()])
    }
}
