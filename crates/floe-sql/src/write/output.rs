//! When the rows of a query begin to go out, seen from one of its operators. A value that raises before that costs only
//! time: who runs the query asks elsewhere. After it, an error that Spark would not raise is the query's end.

use datafusion::logical_expr::LogicalPlan;

/// What is out when the operator's expressions are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Rows may be, of the operator itself.
    Streams,
    /// Rows may be, of another input of a UNION.
    Beside,
    /// None: above it stands an operator that sees all rows before it gives one.
    Waits,
}

impl Output {
    /// Below an operator that sees all its rows before it gives one.
    pub(super) fn gathered(self) -> Self {
        if self == Self::Beside { self } else { Self::Waits }
    }

    /// In one of several inputs that come one after the other.
    pub(super) fn beside(self) -> Self {
        if self == Self::Streams { Self::Beside } else { self }
    }

    /// For what stands in several places of a plan.
    pub(super) fn anywhere_in(plan: &LogicalPlan) -> Self {
        match plan {
            LogicalPlan::Aggregate(_) | LogicalPlan::Sort(_) | LogicalPlan::Distinct(_) => Self::Waits,
            LogicalPlan::Projection(projection) => Self::anywhere_in(&projection.input),
            LogicalPlan::Filter(filter) => Self::anywhere_in(&filter.input),
            LogicalPlan::Limit(limit) => Self::anywhere_in(&limit.input),
            LogicalPlan::SubqueryAlias(alias) => Self::anywhere_in(&alias.input),
            _ => Self::Beside,
        }
    }
}
