//! Rows that were kept of a query, in the place of the part of another plan that would compute them again.
//!
//! What is the same is told by [`crate::same()`]. Who keeps the rows, and until when, is the engine's.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DataFusionError, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, TableScan};
use floe_base::Result;
use floe_catalog::Table;

use crate::facts::of_table;
use crate::reads::scans;
use crate::same::{Versions, same};
use crate::{Loaded, Planned};

/// Gives kept rows as a table with columns of these names.
pub type Provide<'a> = &'a dyn Fn(SchemaRef) -> Result<Table>;

/// A query whose rows are kept, as it is looked for in other plans.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Below the operators that only choose columns: a query that goes on from here may choose others.
    core: LogicalPlan,
    /// Where each column of the query stands among the core's.
    places: Vec<usize>,
}

impl Pattern {
    pub fn of(planned: &Planned) -> Self {
        let mut core = &planned.plan;
        let mut places: Vec<usize> = (0..core.schema().fields().len()).collect();
        while let LogicalPlan::Projection(projection) = core
            && !matches!(projection.input.as_ref(), LogicalPlan::TableScan(_))
            && let Some(chosen) = chosen(projection)
        {
            places = places.iter().filter_map(|place| chosen.get(*place).copied()).collect();
            core = &projection.input;
        }
        Self { core: core.clone(), places }
    }

    /// True where a plan is this query, in whatever columns, over the same tables.
    pub fn is(&self, other: &Self, versions: Versions) -> bool {
        self.places == other.places && same(&self.core, &other.core, versions)
    }

    /// The first part of a plan, from the top, that is this query.
    pub fn find(&self, plan: &LogicalPlan) -> Option<LogicalPlan> {
        let mut found = None;
        let _ = plan.apply(|node| {
            Ok(match same(&self.core, node, Versions::Any) {
                true => {
                    found = Some(node.clone());
                    TreeNodeRecursion::Stop
                }
                false => TreeNodeRecursion::Continue,
            })
        });
        found
    }

    /// Operators it has.
    pub fn size(&self) -> usize {
        let mut operators = 0;
        let _ = self.core.apply(|_| {
            operators += 1;
            Ok(TreeNodeRecursion::Continue)
        });
        operators
    }

    /// The query whose rows are kept for a part found by [`Pattern::find`]: the columns that were chosen, each once.
    pub fn planned(&self, part: &LogicalPlan, tables: &[Loaded]) -> Result<Planned> {
        let columns = part.schema().columns();
        let chosen = self.distinct_places().into_iter().filter_map(|place| columns.get(place).cloned());
        let plan = Projection::try_new(chosen.map(Expr::Column).collect(), Arc::new(part.clone()))?;
        let fields = plan.schema.fields().iter().cloned().collect();
        let plan = LogicalPlan::Projection(plan);
        let tables = tables.to_vec();
        Ok(Planned { plan, fields, hints: Vec::new(), tables, observations: Vec::new(), names_catalog: false })
    }

    fn distinct_places(&self) -> Vec<usize> {
        let mut seen = HashSet::new();
        self.places.iter().copied().filter(|place| seen.insert(*place)).collect()
    }

    /// The plan with kept rows in the place of every part that is exactly `part`; `provide` gives them as a table whose
    /// columns have the names it is told. `None` where there is none, or where the plan looks at a column that was not kept.
    pub fn replaced(&self, planned: &Planned, part: &LogicalPlan, provide: Provide<'_>) -> Result<Option<Planned>> {
        let mut hidden: HashSet<String> = HashSet::new();
        let mut provided: Vec<Loaded> = Vec::new();
        let replaced = planned.plan.clone().transform_down(|node| {
            if !same(part, &node, Versions::Exact) {
                return Ok(Transformed::no(node));
            }
            let kept: HashSet<usize> = self.places.iter().copied().collect();
            let left_out = node.schema().fields().iter().enumerate().filter(|(place, _)| !kept.contains(place));
            hidden.extend(left_out.map(|(_, field)| field.name().clone()));
            let (scan, table) = self.scan(&node, provide)?;
            provided.push(table);
            Ok(Transformed::new(scan, true, TreeNodeRecursion::Jump))
        })?;
        if !replaced.transformed || looks_at(&replaced.data, &hidden)? {
            return Ok(None);
        }
        let plan = replaced.data.transform_up(|node| Ok(Transformed::yes(node.recompute_schema()?)))?.data;
        if plan.schema().columns() != planned.plan.schema().columns() || !has_even_unions(&plan)? {
            return Ok(None);
        }
        let left = scans(&plan);
        let is_read = |table: &&Loaded| left.iter().any(|scan| Arc::ptr_eq(&scan.provider, &table.provider));
        let tables = planned.tables.iter().filter(is_read).cloned().chain(provided).collect();
        Ok(Some(Planned { plan, tables, ..planned.clone() }))
    }

    /// A scan of kept rows under the ids that a part gives.
    fn scan(&self, part: &LogicalPlan, provide: Provide<'_>) -> Result<(LogicalPlan, Loaded), DataFusionError> {
        let places = self.distinct_places();
        let fields = places.into_iter().filter_map(|place| part.schema().fields().get(place)).cloned();
        let table = provide(Arc::new(Schema::new(fields.collect::<Vec<_>>()))).map_err(DataFusionError::from)?;
        let names = table.schema.fields().iter().map(|field| field.name());
        // No other scan has the name, for no other gives these ids.
        let relation =
            TableReference::bare(format!("kept {}", table.schema.fields().first().map_or("", |field| field.name())));
        let columns = names.map(|name| {
            let column = Column::new(Some(relation.clone()), name);
            Expr::Column(column).alias(name)
        });
        let columns = columns.collect();
        let scan =
            TableScan::try_new(relation.clone(), provider_as_source(table.provider.clone()), None, Vec::new(), None)?;
        let plan = Projection::try_new(columns, Arc::new(LogicalPlan::TableScan(scan)))?;
        Ok((LogicalPlan::Projection(plan), of_table(&table)))
    }
}

/// Which columns of its input an operator chooses, if it does nothing else.
fn chosen(projection: &Projection) -> Option<Vec<usize>> {
    let below = projection.input.schema();
    let place = |expression: &Expr| match expression {
        Expr::Column(column) => below.maybe_index_of_column(column),
        Expr::Alias(alias) => match alias.expr.as_ref() {
            Expr::Column(column) => below.maybe_index_of_column(column),
            _ => None,
        },
        _ => None,
    };
    projection.expr.iter().map(place).collect()
}

/// True where an expression of the plan needs one of these columns.
fn looks_at(plan: &LogicalPlan, names: &HashSet<String>) -> Result<bool> {
    let mut found = false;
    plan.apply(|node| {
        node.apply_expressions(|expression| {
            found |= expression.column_refs().iter().any(|column| names.contains(&column.name));
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(found)
}

/// Unions match columns by their place: nothing may be missing between.
fn has_even_unions(plan: &LogicalPlan) -> Result<bool> {
    let mut even = true;
    plan.apply(|node| {
        if let LogicalPlan::Union(union) = node {
            let width = union.schema.fields().len();
            even &= union.inputs.iter().all(|input| input.schema().fields().len() == width);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(even)
}

#[cfg(test)]
mod tests {
    use datafusion::catalog::MemTable;
    use floe_catalog::Statistics;

    use super::*;
    use crate::testing::Session;

    fn empty(schema: Arc<Schema>) -> Result<Table> {
        let provider = Arc::new(MemTable::try_new(schema, vec![Vec::new()])?);
        Ok(Table::at_hand(provider, Statistics::default(), "kept"))
    }

    /// How many scans of kept rows, and of tables, are left of a query.
    async fn left(kept: &str, query: &str) -> (usize, usize) {
        let session = Session::new();
        let kept = Pattern::of(&session.lower(kept).await.expect("a plan"));
        let planned = session.lower(query).await.expect("a plan");
        let replaced = match kept.find(&planned.plan) {
            Some(part) => kept.replaced(&planned, &part, &empty).expect("a plan").unwrap_or(planned),
            None => planned,
        };
        let of = |format: &str| replaced.tables.iter().filter(|table| table.facts.format == format).count();
        (of("kept"), replaced.tables.len() - of("kept"))
    }

    #[tokio::test]
    async fn rows_that_are_kept_stand_wherever_they_would_be_computed() {
        let kept = "SELECT a, sum(c) AS s FROM t GROUP BY a";
        assert_eq!(left(kept, &format!("SELECT s FROM ({kept}) WHERE a > 1 ORDER BY s")).await, (1, 0));
        assert_eq!(
            left(kept, &format!("WITH k AS ({kept}) SELECT * FROM k JOIN u USING (a) JOIN k AS l USING (a)")).await,
            (2, 1)
        );
        assert_eq!(left(kept, &format!("{kept} UNION ALL SELECT a, d FROM u")).await, (1, 1));
        assert_eq!(left(kept, "SELECT a, sum(d) AS s FROM u GROUP BY a").await, (0, 1));
    }

    #[tokio::test]
    async fn a_column_that_was_not_kept_is_computed() {
        assert_eq!(left("SELECT a FROM t", "SELECT a + 1 FROM t").await, (1, 0));
        assert_eq!(left("SELECT a FROM t", "SELECT a FROM t WHERE b = 'x'").await, (0, 1));
        assert_eq!(
            left("SELECT a, a AS again FROM t", "SELECT again, a FROM (SELECT a, a AS again FROM t)").await,
            (1, 0)
        );
    }
}
