//! About how many rows an operator's expressions see. A call that leaves the engine costs by their number, and over groups
//! there are far fewer of them than the tables have.

use datafusion::common::JoinType;
use datafusion::logical_expr::{FetchType, LogicalPlan};

use super::Dialect;

/// The rows that the operator's own expressions are computed for.
pub(super) fn seen_by(plan: &LogicalPlan, dialect: &dyn Dialect) -> u64 {
    match plan {
        LogicalPlan::Union(_) => of_inputs(plan, dialect).fold(0, u64::saturating_add),
        // Keys find their partners: of facts and what describes them come as many rows as there are facts.
        _ => of_inputs(plan, dialect).max().unwrap_or(1),
    }
}

/// The rows it gives.
pub(super) fn given_by(plan: &LogicalPlan, dialect: &dyn Dialect) -> u64 {
    match plan {
        LogicalPlan::TableScan(scan) => dialect.row_count(scan),
        LogicalPlan::Values(values) => values.values.len() as u64,
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.is_empty() => 1,
        LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(_) => groups_of(seen_by(plan, dialect)),
        LogicalPlan::Join(join) if matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti) => {
            given_by(&join.left, dialect)
        }
        LogicalPlan::Limit(limit) => match limit.get_fetch_type() {
            Ok(FetchType::Literal(Some(fetch))) => seen_by(plan, dialect).min(fetch as u64),
            _ => seen_by(plan, dialect),
        },
        other => seen_by(other, dialect),
    }
}

/// How many groups so many rows are expected to make: groups are counted only when they are made, and the more rows there
/// are, the more of them share one. Six millions make 120,000, between the four of TPC-H's first query and the orders.
pub(super) fn groups_of(rows: u64) -> u64 {
    rows.saturating_mul(rows.isqrt()).isqrt()
}

fn of_inputs<'a>(plan: &'a LogicalPlan, dialect: &'a dyn Dialect) -> impl Iterator<Item = u64> + 'a {
    plan.inputs().into_iter().map(|input| given_by(input, dialect))
}
