//! The operator of `WITH RECURSIVE`: an anchor, and a step over the rows of the step before until there are none.
//!
//! Not DataFusion's own `RecursiveQuery`: that one knows no limits, and its planner drops columns which only the step
//! needs (53.1). How a query is lowered to it is in `relation/recursive.rs`; a backend runs it.

use std::cmp::Ordering;
use std::fmt;

use datafusion::common::{DFSchemaRef, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};

/// Rows of the anchor and of every step after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recursion {
    /// The name under which the step reads the rows of the step before.
    pub name: String,
    pub anchor: LogicalPlan,
    pub step: LogicalPlan,
    pub limits: RecursionLimits,
    /// The anchor's columns; all may be NULL, for a step may make them so.
    pub schema: DFSchemaRef,
}

/// When a recursion is taken for one that never ends; `None` is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecursionLimits {
    /// Steps that may give rows.
    pub levels: Option<u64>,
    /// Rows of all steps together.
    pub rows: Option<u64>,
}

impl PartialOrd for Recursion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.name.partial_cmp(&other.name)
    }
}

impl UserDefinedLogicalNodeCore for Recursion {
    fn name(&self) -> &str {
        "Recursion"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.anchor, &self.step]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recursion: {}", self.name)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let [anchor, step] = <[LogicalPlan; 2]>::try_from(inputs).map_err(|_| {
            datafusion::common::DataFusionError::Internal("a recursion has an anchor and a step".into())
        })?;
        Ok(Self { anchor, step, ..self.clone() })
    }

    /// The step reads every column of the rows before it.
    fn necessary_children_exprs(&self, _: &[usize]) -> Option<Vec<Vec<usize>>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        Some(vec![all.clone(), all])
    }
}
