//! A physical plan as `EXPLAIN` shows it: Spark's tree, and Spark's word where an operator is one of Spark's.
//!
//! People look for `BroadcastHashJoin` in a plan, and so do their tests. What DataFusion says of an operator stands behind
//! the word as it is.

use std::fmt;

use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan};
use floe_syntax::plan_string::plan_string;

/// DataFusion's name of an operator, and Spark's.
const WORDS: [(&str, &str); 19] = [
    ("AggregateExec", "HashAggregate"),
    ("BoundedWindowAggExec", "Window"),
    ("CoalescePartitionsExec", "Coalesce"),
    ("CrossJoinExec", "CartesianProduct"),
    ("DataSourceExec", "Scan"),
    ("EmptyExec", "EmptyRelation"),
    ("FilterExec", "Filter"),
    ("GlobalLimitExec", "GlobalLimit"),
    ("LocalLimitExec", "LocalLimit"),
    ("NestedLoopJoinExec", "BroadcastNestedLoopJoin"),
    ("PlaceholderRowExec", "Scan OneRowRelation"),
    ("ProjectionExec", "Project"),
    ("RepartitionExec", "Exchange"),
    ("SortExec", "Sort"),
    ("SortMergeJoinExec", "SortMergeJoin"),
    ("SortPreservingMergeExec", "SortPreservingMerge"),
    ("UnionExec", "Union"),
    ("UnnestExec", "Generate"),
    ("WindowAggExec", "Window"),
];

/// The plan, one line an operator, what it reads below it.
pub(super) fn drawn(plan: &dyn ExecutionPlan) -> String {
    plan_string(shown(plan), |plan| {
        let inputs = plan.children().into_iter().map(|input| shown(input.as_ref())).collect();
        (line(plan), inputs)
    })
}

/// Below what only lets others run, and does nothing to the rows.
fn shown(mut plan: &dyn ExecutionPlan) -> &dyn ExecutionPlan {
    while plan.name() == "CooperativeExec"
        && let Some(input) = plan.children().into_iter().next()
    {
        plan = input.as_ref();
    }
    plan
}

/// An operator as it tells of itself.
struct Told<'a>(&'a dyn ExecutionPlan);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(DisplayFormatType::Default, f)
    }
}

fn line(plan: &dyn ExecutionPlan) -> String {
    let told = Told(plan).to_string();
    let told = told.trim_end();
    let name = told.split([':', ' ']).next().unwrap_or_default();
    let Some(word) = word(plan, name) else { return told.to_string() };
    let details = told.strip_prefix(name).unwrap_or_default().trim_start_matches([':', ' ']);
    format!("{word} {details}").trim_end().to_string()
}

fn word(plan: &dyn ExecutionPlan, name: &str) -> Option<&'static str> {
    if let Some(join) = plan.as_any().downcast_ref::<HashJoinExec>() {
        return Some(match join.partition_mode() {
            // One side is read whole and given to every thread.
            PartitionMode::CollectLeft => "BroadcastHashJoin",
            PartitionMode::Partitioned | PartitionMode::Auto => "ShuffledHashJoin",
        });
    }
    WORDS.iter().find(|(own, _)| *own == name).map(|(_, word)| *word)
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::drawn;

    #[tokio::test]
    async fn a_plan_is_a_tree_in_sparks_words() -> datafusion::error::Result<()> {
        let sql = "SELECT a + 1 FROM (VALUES (1), (2)) t(a) JOIN (VALUES (1)) u(b) ON a = b WHERE a > 0";
        let plan = SessionContext::new().sql(sql).await?.create_physical_plan().await?;
        let drawn = drawn(plan.as_ref());
        assert!(drawn.starts_with("Project expr=["), "{drawn}");
        assert!(drawn.contains("\n+- BroadcastHashJoin mode=CollectLeft"), "{drawn}");
        assert!(drawn.lines().any(|line| line.trim_start().starts_with(":- ")), "{drawn}");
        Ok(())
    }
}
