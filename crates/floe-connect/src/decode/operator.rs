//! The operators of a DataFrame with one input, in the order of the API's documentation.

use floe_base::{Error, Kind, Result};
use floe_proto::connect as proto;
use floe_proto::connect::expression::ExprType;
use floe_syntax::relation::{Sample, SampleMethod, Unpivot};
use floe_syntax::{Expression, Literal, Origin, RelationKind};

use super::relation::input;
use super::{Scope, data_type, expression, invalid, missing, sorted, window};

pub(super) fn project(scope: &Scope<'_>, project: proto::Project) -> Result<RelationKind> {
    let input = match project.input {
        Some(relation) => input(scope, Some(relation))?,
        // A projection of nothing is SELECT without FROM.
        None => floe_syntax::Relation::new(RelationKind::OneRow, Origin::Unknown),
    };
    Ok(RelationKind::Project { input, expressions: expression::list(scope, project.expressions)? })
}

pub(super) fn filter(scope: &Scope<'_>, filter: proto::Filter) -> Result<RelationKind> {
    let condition = expression::required(scope, filter.condition, "Filter.condition")?;
    Ok(RelationKind::Filter { input: input(scope, filter.input)?, condition })
}

pub(super) fn sort(scope: &Scope<'_>, sort: proto::Sort) -> Result<RelationKind> {
    let orders = window::sort_orders(scope, sort.order)?;
    Ok(RelationKind::Sort { input: input(scope, sort.input)?, orders, global: sort.is_global.unwrap_or(false) })
}

pub(super) fn limit(scope: &Scope<'_>, limit: proto::Limit) -> Result<RelationKind> {
    Ok(RelationKind::Limit { input: input(scope, limit.input)?, limit: count(limit.limit) })
}

pub(super) fn offset(scope: &Scope<'_>, offset: proto::Offset) -> Result<RelationKind> {
    Ok(RelationKind::Offset { input: input(scope, offset.input)?, offset: count(offset.offset) })
}

pub(super) fn tail(scope: &Scope<'_>, tail: proto::Tail) -> Result<RelationKind> {
    Ok(RelationKind::Tail { input: input(scope, tail.input)?, limit: count(tail.limit) })
}

fn count(rows: i32) -> Expression {
    Expression::literal(Literal::Int(rows), Origin::Unknown)
}

pub(super) fn deduplicate(scope: &Scope<'_>, deduplicate: proto::Deduplicate) -> Result<RelationKind> {
    let all = deduplicate.all_columns_as_keys.unwrap_or(false);
    if all != deduplicate.column_names.is_empty() {
        return Err(invalid("Deduplicate requires to either deduplicate on all columns or a subset of columns"));
    }
    Ok(RelationKind::Deduplicate {
        input: input(scope, deduplicate.input)?,
        columns: (!all).then_some(deduplicate.column_names),
        within_watermark: deduplicate.within_watermark.unwrap_or(false),
    })
}

pub(super) fn alias(scope: &Scope<'_>, alias: proto::SubqueryAlias) -> Result<RelationKind> {
    let mut name = alias.qualifier;
    name.push(alias.alias);
    Ok(RelationKind::Alias { input: input(scope, alias.input)?, name, columns: Vec::new() })
}

pub(super) fn sample(scope: &Scope<'_>, sample: proto::Sample) -> Result<RelationKind> {
    Ok(RelationKind::Sample(Sample {
        input: input(scope, sample.input)?,
        with_replacement: sample.with_replacement.unwrap_or(false),
        seed: sample.seed,
        method: SampleMethod::Fraction { lower: sample.lower_bound, upper: sample.upper_bound },
    }))
}

pub(super) fn repartition(scope: &Scope<'_>, repartition: proto::Repartition) -> Result<RelationKind> {
    let count = u32::try_from(repartition.num_partitions).ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| {
        Error::message(
            Kind::IllegalArgument,
            format!("requirement failed: Number of partitions ({}) must be positive.", repartition.num_partitions),
        )
    })?;
    Ok(RelationKind::Repartition {
        input: input(scope, repartition.input)?,
        count: Some(count),
        expressions: Vec::new(),
        shuffle: repartition.shuffle.unwrap_or(false),
    })
}

pub(super) fn repartition_by_expression(
    scope: &Scope<'_>,
    repartition: proto::RepartitionByExpression,
) -> Result<RelationKind> {
    let bare = repartition.partition_exprs.into_iter().map(without_placement);
    let expressions = bare.map(|part| expression::required(scope, part, "RepartitionByExpression.partition_exprs"));
    let expressions = expressions.collect::<Result<Vec<_>>>()?;
    Ok(RelationKind::Repartition {
        input: input(scope, repartition.input)?,
        count: repartition.num_partitions.and_then(|count| u32::try_from(count).ok()),
        expressions,
        shuffle: true,
    })
}

/// `repartitionByRange(col.desc())` and `repartitionById(col)` wrap the column; where rows lie is not what they are.
fn without_placement(part: proto::Expression) -> Option<proto::Expression> {
    match part.expr_type {
        Some(ExprType::SortOrder(order)) => order.child.map(|child| *child),
        Some(ExprType::DirectShufflePartitionId(id)) => id.child.map(|child| *child),
        expr_type => Some(proto::Expression { expr_type, ..part }),
    }
}

pub(super) fn hint(scope: &Scope<'_>, hint: proto::Hint) -> Result<RelationKind> {
    let parameters = expression::list(scope, hint.parameters)?;
    Ok(RelationKind::Hint { input: input(scope, hint.input)?, name: hint.name, parameters })
}

pub(super) fn with_columns(scope: &Scope<'_>, with: proto::WithColumns) -> Result<RelationKind> {
    let mut columns = Vec::with_capacity(with.aliases.len());
    for alias in with.aliases {
        let name = match <[String; 1]>::try_from(alias.name) {
            Ok([name]) => name,
            Err(_) => return Err(invalid("withColumns takes one name for each column")),
        };
        let value = expression::required(scope, alias.expr.map(|value| *value), "WithColumns.aliases.expr")?;
        columns.push((name, value, alias.metadata.filter(|json| !json.is_empty())));
    }
    Ok(RelationKind::WithColumns { input: input(scope, with.input)?, columns })
}

/// Clients before 4.0 send a map, which keeps no order; two renames of one call cannot depend on each other there.
pub(super) fn with_columns_renamed(scope: &Scope<'_>, renamed: proto::WithColumnsRenamed) -> Result<RelationKind> {
    let renames = if renamed.renames.is_empty() {
        sorted(renamed.rename_columns_map)
    } else {
        renamed.renames.into_iter().map(|rename| (rename.col_name, rename.new_col_name)).collect()
    };
    Ok(RelationKind::WithColumnsRenamed { input: input(scope, renamed.input)?, renames })
}

pub(super) fn drop_columns(scope: &Scope<'_>, drop: proto::Drop) -> Result<RelationKind> {
    let columns = expression::list(scope, drop.columns)?;
    Ok(RelationKind::Drop { input: input(scope, drop.input)?, columns, names: drop.column_names })
}

pub(super) fn to_df(scope: &Scope<'_>, to_df: proto::ToDf) -> Result<RelationKind> {
    Ok(RelationKind::ToDf { input: input(scope, to_df.input)?, names: to_df.column_names })
}

pub(super) fn to_schema(scope: &Scope<'_>, to_schema: proto::ToSchema) -> Result<RelationKind> {
    let schema = to_schema.schema.ok_or_else(|| missing("ToSchema.schema"))?;
    Ok(RelationKind::ToSchema { input: input(scope, to_schema.input)?, schema: data_type::decode(schema)? })
}

/// The DataFrame's `unpivot` keeps rows whose value is NULL; SQL's leaves them out by default.
pub(super) fn unpivot(scope: &Scope<'_>, unpivot: proto::Unpivot) -> Result<RelationKind> {
    let groups = match unpivot.values {
        None => None,
        Some(values) => {
            let values = expression::list(scope, values.values)?;
            Some(values.into_iter().map(|value| (vec![value], None)).collect())
        }
    };
    Ok(RelationKind::Unpivot(Box::new(Unpivot {
        ids: Some(expression::list(scope, unpivot.ids)?),
        groups,
        variable: unpivot.variable_column_name,
        values: vec![unpivot.value_column_name],
        include_nulls: true,
        input: input(scope, unpivot.input)?,
    })))
}

pub(super) fn transpose(scope: &Scope<'_>, transpose: proto::Transpose) -> Result<RelationKind> {
    let index = expression::list(scope, transpose.index_columns)?;
    Ok(RelationKind::Transpose { input: input(scope, transpose.input)?, index })
}

pub(super) fn collect_metrics(scope: &Scope<'_>, collect: proto::CollectMetrics) -> Result<RelationKind> {
    let metrics = expression::list(scope, collect.metrics)?;
    Ok(RelationKind::CollectMetrics { input: input(scope, collect.input)?, name: collect.name, metrics })
}

pub(super) fn show_string(scope: &Scope<'_>, show: proto::ShowString) -> Result<RelationKind> {
    Ok(RelationKind::ShowString {
        input: input(scope, show.input)?,
        rows: show.num_rows,
        truncate: show.truncate,
        vertical: show.vertical,
    })
}

pub(super) fn html_string(scope: &Scope<'_>, html: proto::HtmlString) -> Result<RelationKind> {
    Ok(RelationKind::HtmlString { input: input(scope, html.input)?, rows: html.num_rows, truncate: html.truncate })
}
