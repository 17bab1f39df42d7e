//! A walk over the unresolved tree: the tables and files it names, wherever they stand.

use floe_syntax::expression::{Expression, ExpressionKind, FrameBound, SortOrder, WindowSpec};
use floe_syntax::relation::{Files, GroupBy, GroupingElement, JoinConstraint, SampleMethod, TableName};
use floe_syntax::{Relation, RelationKind};

/// A name met on the way.
pub(crate) enum Named<'a> {
    Table(&'a TableName),
    Files(&'a Files),
    /// Given by WITH.
    Given(&'a str),
}

type Visit<'v> = &'v mut dyn FnMut(Named<'_>);

/// Calls `visit` for every table named in a relation, all files it reads, and every name given by WITH.
pub(crate) fn sources(relation: &Relation, visit: Visit<'_>) {
    stacker::maybe_grow(64 * 1024, 2 * 1024 * 1024, || sources_here(relation, visit));
}

fn sources_here(relation: &Relation, visit: Visit<'_>) {
    match relation.kind.as_ref() {
        RelationKind::Table(name) => visit(Named::Table(name)),
        RelationKind::Files(files) => visit(Named::Files(files)),
        RelationKind::Values { rows } => rows.iter().flatten().for_each(|cell| expression(cell, visit)),
        RelationKind::TableFunction { call, .. } => expression(call, visit),
        RelationKind::Query(query) => {
            for cte in &query.with {
                visit(Named::Given(&cte.name));
                sources(&cte.query, visit);
            }
            sources(&query.body, visit);
            orders(&query.order_by, visit);
            orders(&query.sort_by, visit);
            query.limit.iter().chain(&query.offset).for_each(|value| expression(value, visit));
        }
        RelationKind::Select(select) => {
            select.from.iter().for_each(|from| sources(from, visit));
            let values = select.projection.iter().chain(&select.filter).chain(&select.having);
            values.for_each(|value| expression(value, visit));
            group_by(&select.group_by, visit);
            select.windows.iter().for_each(|(_, spec)| window(spec, visit));
        }
        RelationKind::LateralView { input, generator, .. } => {
            sources(input, visit);
            expression(generator, visit);
        }
        RelationKind::Pivot(pivot) => {
            sources(&pivot.input, visit);
            pivot.aggregates.iter().chain(&pivot.columns).for_each(|value| expression(value, visit));
        }
        RelationKind::Unpivot(unpivot) => {
            sources(&unpivot.input, visit);
            unpivot.ids.iter().flatten().for_each(|value| expression(value, visit));
        }
        RelationKind::Parameters { input, named, positional } => {
            sources(input, visit);
            named.iter().map(|(_, value)| value).chain(positional).for_each(|value| expression(value, visit));
        }
        RelationKind::Project { input, expressions } => {
            sources(input, visit);
            expressions.iter().for_each(|value| expression(value, visit));
        }
        RelationKind::Filter { input, condition } => {
            sources(input, visit);
            expression(condition, visit);
        }
        RelationKind::Aggregate(aggregate) => {
            sources(&aggregate.input, visit);
            group_by(&aggregate.group_by, visit);
            aggregate.aggregates.iter().for_each(|value| expression(value, visit));
        }
        RelationKind::Join(join) => {
            sources(&join.left, visit);
            sources(&join.right, visit);
            if let JoinConstraint::On(condition) = &join.constraint {
                expression(condition, visit);
            }
        }
        RelationKind::SetOperation { left, right, .. } => {
            sources(left, visit);
            sources(right, visit);
        }
        RelationKind::Sort { input, orders: keys, .. } => {
            sources(input, visit);
            orders(keys, visit);
        }
        RelationKind::Sample(sample) => {
            sources(&sample.input, visit);
            if let SampleMethod::Rows(count) = &sample.method {
                expression(count, visit);
            }
        }
        RelationKind::WithColumns { input, columns } => {
            sources(input, visit);
            columns.iter().for_each(|(_, value, _)| expression(value, visit));
        }
        RelationKind::Drop { input, columns, .. } => {
            sources(input, visit);
            columns.iter().for_each(|value| expression(value, visit));
        }
        RelationKind::Repartition { input, expressions, .. } => {
            sources(input, visit);
            expressions.iter().for_each(|value| expression(value, visit));
        }
        RelationKind::CollectMetrics { input, metrics, .. } => {
            sources(input, visit);
            metrics.iter().for_each(|value| expression(value, visit));
        }
        RelationKind::Limit { input, .. }
        | RelationKind::Offset { input, .. }
        | RelationKind::Tail { input, .. }
        | RelationKind::Deduplicate { input, .. }
        | RelationKind::Alias { input, .. }
        | RelationKind::Hint { input, .. }
        | RelationKind::WithColumnsRenamed { input, .. }
        | RelationKind::ToDf { input, .. }
        | RelationKind::ToSchema { input, .. }
        | RelationKind::Transpose { input, .. }
        | RelationKind::ShowString { input, .. }
        | RelationKind::HtmlString { input, .. }
        | RelationKind::FillNa { input, .. }
        | RelationKind::DropNa { input, .. }
        | RelationKind::ReplaceNa { input, .. }
        | RelationKind::Summary { input, .. }
        | RelationKind::Describe { input, .. }
        | RelationKind::Crosstab { input, .. }
        | RelationKind::Cov { input, .. }
        | RelationKind::Corr { input, .. }
        | RelationKind::ApproxQuantile { input, .. }
        | RelationKind::FreqItems { input, .. }
        | RelationKind::SampleBy { input, .. } => sources(input, visit),
        RelationKind::Local { .. }
        | RelationKind::Range { .. }
        | RelationKind::OneRow
        | RelationKind::Cached { .. }
        | RelationKind::Catalog(_)
        | RelationKind::AsOfJoin { .. }
        | RelationKind::Unsupported(_) => {}
    }
}

fn group_by(keys: &GroupBy, visit: Visit<'_>) {
    if let GroupBy::Elements(elements) = keys {
        elements.iter().for_each(|element| grouping(element, visit));
    }
}

fn grouping(element: &GroupingElement, visit: Visit<'_>) {
    match element {
        GroupingElement::Expression(value) => expression(value, visit),
        GroupingElement::Rollup(groups) | GroupingElement::Cube(groups) => {
            groups.iter().flatten().for_each(|value| expression(value, visit));
        }
        GroupingElement::Sets(elements) => elements.iter().for_each(|element| grouping(element, visit)),
        GroupingElement::Group(values) => values.iter().for_each(|value| expression(value, visit)),
    }
}

fn orders(keys: &[SortOrder], visit: Visit<'_>) {
    keys.iter().for_each(|order| expression(&order.child, visit));
}

fn window(spec: &WindowSpec, visit: Visit<'_>) {
    spec.partition_by.iter().for_each(|value| expression(value, visit));
    orders(&spec.order_by, visit);
    let Some(frame) = &spec.frame else { return };
    for bound in [&frame.start, &frame.end] {
        match bound {
            FrameBound::Preceding(value) | FrameBound::Following(value) | FrameBound::Offset(value) => {
                expression(value, visit);
            }
            FrameBound::UnboundedPreceding | FrameBound::CurrentRow | FrameBound::UnboundedFollowing => {}
        }
    }
}

/// Calls `visit` for every table named in a subquery of an expression.
pub(crate) fn expression(value: &Expression, visit: Visit<'_>) {
    stacker::maybe_grow(64 * 1024, 2 * 1024 * 1024, || expression_here(value, visit));
}

fn expression_here(value: &Expression, visit: Visit<'_>) {
    match &value.kind {
        ExpressionKind::Call(call) => {
            call.arguments.iter().for_each(|argument| expression(&argument.value, visit));
            call.filter.iter().for_each(|filter| expression(filter, visit));
            orders(&call.within_group, visit);
        }
        ExpressionKind::Cast { child, .. } | ExpressionKind::Alias { child, .. } => expression(child, visit),
        ExpressionKind::Case { operand, branches, otherwise } => {
            operand.iter().chain(otherwise).for_each(|value| expression(value, visit));
            branches
                .iter()
                .flat_map(|(condition, value)| [condition, value])
                .for_each(|value| expression(value, visit));
        }
        ExpressionKind::ScalarSubquery(query) | ExpressionKind::Exists(query) => sources(query, visit),
        ExpressionKind::InSubquery { values, query } => {
            values.iter().for_each(|value| expression(value, visit));
            sources(query, visit);
        }
        ExpressionKind::Window { function, window: spec } => {
            expression(function, visit);
            window(spec, visit);
        }
        ExpressionKind::Lambda { body, .. } => expression(body, visit),
        ExpressionKind::ExtractValue { child, key } => {
            expression(child, visit);
            expression(key, visit);
        }
        ExpressionKind::UpdateField { child, value, .. } => {
            expression(child, visit);
            value.iter().for_each(|value| expression(value, visit));
        }
        ExpressionKind::StoreAssignment { value, place, .. } => {
            expression(value, visit);
            expression(place, visit);
        }
        ExpressionKind::Identifier { text, arguments } => {
            expression(text, visit);
            arguments.iter().flatten().for_each(|value| expression(value, visit));
        }
        ExpressionKind::Literal(_)
        | ExpressionKind::TypedLiteral { .. }
        | ExpressionKind::Attribute(_)
        | ExpressionKind::Star(_)
        | ExpressionKind::ColumnRegex { .. }
        | ExpressionKind::LambdaVariable(_)
        | ExpressionKind::NamedParameter(_)
        | ExpressionKind::PositionalParameter(_)
        | ExpressionKind::Default
        | ExpressionKind::External(_) => {}
    }
}
