//! Relations: one file each. Every one takes its input lowered and gives back a plan with the scope it offers.

pub(crate) mod aggregate;
pub(crate) mod alias;
pub(crate) mod attached;
pub(crate) mod collect_metrics;
pub(crate) mod correlated;
pub(crate) mod deduplicate;
pub(crate) mod describe;
pub(crate) mod drop;
pub(crate) mod drop_na;
pub(crate) mod fill_na;
pub(crate) mod filter;
pub(crate) mod freq_items;
pub(crate) mod grouped;
pub(crate) mod hint;
pub(crate) mod html_string;
pub(crate) mod join;
pub(crate) mod join_keys;
pub(crate) mod lateral_view;
pub(crate) mod limit;
pub(crate) mod local;
pub(crate) mod map_key;
pub(crate) mod order_below;
pub(crate) mod pivot;
pub(crate) mod project;
pub(crate) mod query;
pub(crate) mod range;
pub(crate) mod recursive;
pub(crate) mod replace_na;
pub(crate) mod sample;
pub(crate) mod select;
pub(crate) mod set_operation;
pub(crate) mod show_string;
pub(crate) mod sort;
pub(crate) mod statistics;
pub(crate) mod table;
pub(crate) mod table_function;
pub(crate) mod tail;
pub(crate) mod time_window;
pub(crate) mod to_df;
pub(crate) mod to_schema;
pub(crate) mod transpose;
pub(crate) mod unpivot;
pub(crate) mod values;
pub(crate) mod with_columns;
pub(crate) mod with_columns_renamed;

use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
use floe_base::{Error, Result};
use floe_syntax::{Relation, RelationKind};

use crate::resolver::{Env, Resolver};
use crate::rows::Rows;
use crate::scope::Scope;

impl Resolver<'_> {
    /// A relation's meaning.
    pub(crate) fn relation<'t>(&self, relation: &'t Relation, env: &Env<'t>) -> Result<Rows> {
        let rows = stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, || self.relation_here(relation, env));
        let rows = rows.map_err(|error| error.at(&relation.origin))?;
        if let Some(plan_id) = relation.plan_id {
            self.remember(plan_id, &rows.scope);
        }
        Ok(rows)
    }

    fn relation_here<'t>(&self, relation: &'t Relation, env: &Env<'t>) -> Result<Rows> {
        let origin = &relation.origin;
        match relation.kind.as_ref() {
            RelationKind::Table(name) => self.table(name, env, origin),
            RelationKind::Files(files) => self.files(files, origin),
            RelationKind::Values { rows } => self.values(rows, env, origin),
            RelationKind::Local { schema, arrow_schema, batches } => {
                self.local(schema.as_ref(), arrow_schema, batches, origin)
            }
            RelationKind::Range { start, end, step, partitions } => {
                self.range(*start, *end, *step, *partitions, origin)
            }
            RelationKind::OneRow => Ok(one_row()),
            RelationKind::Cached { relation_id } => self.cached(relation_id),
            RelationKind::Query(query) => self.query(query, env),
            RelationKind::Select(select) => self.select(select, &query_tail(), env, origin),
            RelationKind::LateralView { input, generator, outer, table, columns } => {
                self.lateral_view(input, generator, *outer, table.as_deref(), columns, env)
            }
            RelationKind::Parameters { input, named, positional } => {
                let parameters = crate::resolver::Parameters { named, positional };
                let env = Env { parameters: Some(std::rc::Rc::new(parameters)), ..env.clone() };
                self.relation(input, &env)
            }
            RelationKind::Project { input, expressions } => self.project(input, expressions, env),
            RelationKind::Filter { input, condition } => self.filter(input, condition, env),
            RelationKind::Aggregate(aggregate) => self.aggregate(aggregate, env, origin),
            RelationKind::Join(join) => self.join(join, env, origin),
            RelationKind::SetOperation { left, right, operator, all, by_name, allow_missing } => {
                let by_name = by_name.then_some(*allow_missing);
                self.set_operation(left, right, *operator, *all, by_name, env, origin)
            }
            RelationKind::Sort { input, orders, .. } => self.sort(input, orders, env),
            RelationKind::Limit { input, limit } => self.limit(input, limit, env),
            RelationKind::Offset { input, offset } => self.offset(input, offset, env),
            RelationKind::Deduplicate { input, columns, within_watermark: false } => {
                self.deduplicate(input, columns.as_deref(), env, origin)
            }
            RelationKind::Alias { input, name, columns } => self.alias(input, name, columns, env, origin),
            RelationKind::Deduplicate { .. } => {
                Err(Error::unsupported("dropDuplicatesWithinWatermark, a streaming operator").at(origin))
            }
            RelationKind::Repartition { input, count, shuffle, .. } => {
                self.repartitioned(self.relation(input, env)?, count.filter(|_| !shuffle))
            }
            RelationKind::TableFunction { name, call, with_ordinality } => {
                self.table_function(name, call, *with_ordinality, env, origin)
            }
            RelationKind::Pivot(pivot) => self.pivot(pivot, env, origin),
            RelationKind::Unpivot(unpivot) => self.unpivot(unpivot, env, origin),
            RelationKind::Tail { input, limit } => self.tail(input, limit, env),
            RelationKind::Sample(sample) => self.sample(sample, env, origin),
            RelationKind::SampleBy { input, column, fractions, seed } => {
                self.sample_by(input, column, fractions, *seed, env, origin)
            }
            RelationKind::Hint { input, name, parameters } => self.hint(input, name, parameters, env),
            RelationKind::WithColumns { input, columns } => self.with_columns(input, columns, env, origin),
            RelationKind::WithColumnsRenamed { input, renames } => self.with_columns_renamed(input, renames, env),
            RelationKind::Drop { input, columns, names } => self.drop(input, columns, names, env),
            RelationKind::ToDf { input, names } => self.to_df(input, names, env, origin),
            RelationKind::ToSchema { input, schema } => self.to_schema(input, schema, env, origin),
            RelationKind::Transpose { input, index } => self.transpose(input, index, env, origin),
            RelationKind::CollectMetrics { input, name, metrics } => {
                self.collect_metrics(input, name, metrics, relation.plan_id, env)
            }
            RelationKind::ShowString { input, rows, truncate, vertical } => {
                self.show_string(input, *rows, *truncate, *vertical, env)
            }
            RelationKind::HtmlString { input, rows, truncate } => self.html_string(input, *rows, *truncate, env),
            RelationKind::FillNa { input, columns, values } => self.fill_na(input, columns, values, env, origin),
            RelationKind::DropNa { input, columns, min_non_nulls } => {
                self.drop_na(input, columns, *min_non_nulls, env, origin)
            }
            RelationKind::ReplaceNa { input, columns, replacements } => {
                self.replace_na(input, columns, replacements, env, origin)
            }
            RelationKind::Summary { input, statistics } => self.summary(input, statistics, env, origin),
            RelationKind::Describe { input, columns } => self.describe(input, columns, env, origin),
            RelationKind::Crosstab { input, first, second } => self.crosstab(input, first, second, env, origin),
            RelationKind::Cov { input, first, second } => {
                self.statistic(input, "cov", "covar_samp", first, second, env, origin)
            }
            RelationKind::Corr { input, first, second, method } if method.is_empty() || method == "pearson" => {
                self.statistic(input, "corr", "corr", first, second, env, origin)
            }
            RelationKind::Corr { method, .. } => {
                Err(Error::unsupported(format!("the correlation method `{method}`")).at(origin))
            }
            RelationKind::ApproxQuantile { input, columns, probabilities, relative_error } => {
                self.approx_quantile(input, columns, probabilities, *relative_error, env, origin)
            }
            RelationKind::FreqItems { input, columns, support } => {
                self.freq_items(input, columns, *support, env, origin)
            }
            RelationKind::AsOfJoin { name } => Err(Error::unsupported(format!("relation {name}")).at(origin)),
            RelationKind::Catalog(_) => {
                Err(Error::unsupported("a call of the catalog inside another relation").at(origin))
            }
            RelationKind::Unsupported(what) => Err(Error::unsupported(what.clone()).at(origin)),
        }
    }
}

/// A SELECT with nothing around it.
fn query_tail<'a>() -> select::Tail<'a> {
    select::Tail::default()
}

/// One row without columns.
pub(crate) fn one_row() -> Rows {
    let schema = std::sync::Arc::new(datafusion::common::DFSchema::empty());
    let plan = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema });
    Rows::new(plan, Scope::new(Vec::new()))
}
