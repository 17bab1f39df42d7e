//! Operators, one file each.

mod aggregate;
mod bounded;
mod distinct;
mod filter;
mod join;
mod limit;
mod projection;
mod scan;
mod sort;
mod union;
mod unnest;
mod values;
mod window;

use datafusion::logical_expr::LogicalPlan;

use super::block::Block;
use super::shared::Part;
use super::{Refused, Result, Writer, column};

impl Writer<'_> {
    /// The operator as a query of its own.
    pub(super) fn relation(self, plan: &LogicalPlan) -> Result<String> {
        Ok(self.block(plan)?.text(|| self.columns(plan.schema())))
    }

    /// What a part of the plan is that is written once.
    pub(super) fn part(self, part: &Part<'_>) -> Result<String> {
        let text = self.whole(part.first)?.text(|| self.columns(part.first.schema()));
        Ok(format!("{} AS ({text})", part.name))
    }

    /// The operator as a SELECT that may take more.
    fn block(self, plan: &LogicalPlan) -> Result<Block> {
        match self.shared.part(plan) {
            Some(part) => Ok(self.read(part, plan)),
            None => self.whole(plan),
        }
    }

    /// The rows of a part, under the names they have in this place.
    fn read(self, part: &Part<'_>, plan: &LogicalPlan) -> Block {
        if std::ptr::eq(part.first, plan) {
            return Block::over(part.name.clone());
        }
        let (first, here) = (column::all(part.first.schema()), column::all(plan.schema()));
        let list = self.needed_of(plan.schema()).map(|index| format!("{} AS {}", first[index], here[index]));
        Block::query(&Block::over(part.name.clone()).with_outputs(list.collect()).text(Vec::new))
    }

    /// The operator itself.
    fn whole(self, plan: &LogicalPlan) -> Result<Block> {
        let this = Writer { operator: Some(plan), ..self };
        match plan {
            LogicalPlan::Projection(projection) => this.projection(projection),
            LogicalPlan::Filter(filter) => this.filter(filter),
            LogicalPlan::Aggregate(aggregate) => this.aggregate(aggregate),
            LogicalPlan::Window(window) => this.window(window),
            LogicalPlan::Join(join) => this.join(join),
            LogicalPlan::Sort(sort) => this.sort(sort),
            LogicalPlan::Limit(limit) => this.limit(limit),
            LogicalPlan::Distinct(distinct) => this.distinct(distinct),
            LogicalPlan::Union(union) => this.union(union),
            LogicalPlan::Unnest(unnest) => this.unnest(unnest),
            LogicalPlan::TableScan(scan) => this.scan(scan),
            LogicalPlan::Values(values) => this.values(values),
            LogicalPlan::EmptyRelation(empty) => this.empty(empty),
            LogicalPlan::SubqueryAlias(alias) => this.alias(alias),
            LogicalPlan::Extension(extension) => Err(Refused::new(format!("operator {}", extension.node.name()))),
            other => {
                let name = other.display().to_string();
                Err(Refused::new(format!("operator {}", name.split([':', ' ']).next().unwrap_or_default())))
            }
        }
    }

    /// The operator as a SELECT that takes conditions and outputs.
    fn open(self, plan: &LogicalPlan) -> Result<Block> {
        Ok(self.block(plan)?.opened(|| self.columns(plan.schema())))
    }

    /// The operator inside a FROM, whatever it is.
    fn from(self, plan: &LogicalPlan) -> Result<String> {
        Ok(format!("({})", self.relation(plan)?))
    }
}
