//! A tree before it has a meaning, for people: the first part of `EXPLAIN EXTENDED`. One line for each relation, what it
//! stands on below it, as Spark's `treeString` draws them; the words are those of Spark's unresolved plans.

use floe_syntax::expression::{Expression, ExpressionKind, SortOrder};
use floe_syntax::plan_string::plan_string;
use floe_syntax::relation::{GroupBy, GroupingElement, JoinConstraint, Query, Select};
use floe_syntax::{Relation, RelationKind};

use crate::name::{Nowhere, output, pretty};

/// The tree as text.
pub fn parsed(relation: &Relation) -> String {
    plan_string(relation, node)
}

/// A relation's own line, and what it stands on.
fn node(relation: &Relation) -> (String, Vec<&Relation>) {
    use RelationKind as Kind;
    match relation.kind.as_ref() {
        Kind::Table(name) => match &name.identifier {
            Some(text) => (format!("'UnresolvedRelation [identifier({})]", pretty(text, &Nowhere)), vec![]),
            None => (format!("'UnresolvedRelation [{}]", name.parts.join(", ")), vec![]),
        },
        Kind::Files(files) => (
            format!(
                "'UnresolvedDataSource {}, [{}]",
                files.format.as_deref().unwrap_or("default"),
                files.paths.join(", ")
            ),
            vec![],
        ),
        Kind::Values { rows } => (format!("'UnresolvedInlineTable [{} rows]", rows.len()), vec![]),
        Kind::Local { arrow_schema, .. } => {
            let names: Vec<&str> = arrow_schema.fields().iter().map(|field| field.name().as_str()).collect();
            (format!("LocalRelation [{}]", names.join(", ")), vec![])
        }
        Kind::Range { start, end, step, .. } => (format!("Range ({start}, {end}, step={step})"), vec![]),
        Kind::OneRow => ("OneRowRelation".into(), vec![]),
        Kind::TableFunction { call, .. } => {
            (format!("'UnresolvedTableValuedFunction [{}]", pretty(call, &Nowhere)), vec![])
        }
        Kind::Cached { relation_id } => (format!("CachedRemoteRelation [{relation_id}]"), vec![]),
        Kind::Catalog(_) => ("CatalogCall".into(), vec![]),
        Kind::Query(query) => self::query(query),
        Kind::Select(select) => self::select(select),
        Kind::LateralView { input, generator, outer, .. } => {
            (format!("'Generate {}, {outer}", pretty(generator, &Nowhere)), vec![input])
        }
        Kind::Pivot(pivot) => {
            (format!("'Pivot {}, {}", list(&pivot.columns), list(&pivot.aggregates)), vec![&pivot.input])
        }
        Kind::Unpivot(unpivot) => {
            (format!("'Unpivot {}, [{}]", unpivot.variable, unpivot.values.join(", ")), vec![&unpivot.input])
        }
        Kind::Parameters { input, .. } => ("'Parameters".into(), vec![input]),
        Kind::Project { input, expressions } => (format!("'Project {}", list(expressions)), vec![input]),
        Kind::Filter { input, condition } => (format!("'Filter {}", pretty(condition, &Nowhere)), vec![input]),
        Kind::Aggregate(aggregate) => {
            let keys = keys(&aggregate.group_by);
            (format!("'Aggregate {keys}, {}", list(&aggregate.aggregates)), vec![&aggregate.input])
        }
        Kind::Join(join) => {
            let on = match &join.constraint {
                JoinConstraint::None => String::new(),
                JoinConstraint::Natural => ", natural".into(),
                JoinConstraint::Using(names) => format!(", using [{}]", names.join(", ")),
                JoinConstraint::On(condition) => format!(", {}", pretty(condition, &Nowhere)),
            };
            (format!("'Join {:?}{on}", join.kind), vec![&join.left, &join.right])
        }
        Kind::SetOperation { left, right, operator, all, .. } => {
            (format!("'{operator:?} {}", if *all { "all" } else { "distinct" }), vec![left, right])
        }
        Kind::Sort { input, orders, global } => (format!("'Sort {}, {global}", order(orders)), vec![input]),
        Kind::Limit { input, limit } => (format!("'GlobalLimit {}", pretty(limit, &Nowhere)), vec![input]),
        Kind::Offset { input, offset } => (format!("'Offset {}", pretty(offset, &Nowhere)), vec![input]),
        Kind::Tail { input, limit } => (format!("'Tail {}", pretty(limit, &Nowhere)), vec![input]),
        Kind::Deduplicate { input, columns, .. } => (
            format!("'Deduplicate [{}]", columns.as_deref().map_or("*".into(), |columns| columns.join(", "))),
            vec![input],
        ),
        Kind::Alias { input, name, .. } => (format!("'SubqueryAlias {}", name.join(".")), vec![input]),
        Kind::Sample(sample) => ("'Sample".into(), vec![&sample.input]),
        Kind::Repartition { input, count, expressions, .. } => {
            let count = count.map_or("default".into(), |count| count.to_string());
            (format!("'Repartition {count}, {}", list(expressions)), vec![input])
        }
        Kind::Hint { input, name, parameters } => {
            (format!("'UnresolvedHint {name}, {}", list(parameters)), vec![input])
        }
        Kind::WithColumns { input, columns } => {
            let columns: Vec<String> =
                columns.iter().map(|(name, value, _)| format!("{} AS {name}", pretty(value, &Nowhere))).collect();
            (format!("'WithColumns [{}]", columns.join(", ")), vec![input])
        }
        Kind::WithColumnsRenamed { input, renames } => {
            let renames: Vec<String> = renames.iter().map(|(from, to)| format!("{from} AS {to}")).collect();
            (format!("'WithColumnsRenamed [{}]", renames.join(", ")), vec![input])
        }
        Kind::Drop { input, columns, names } => {
            (format!("'DataFrameDropColumns {}, [{}]", list(columns), names.join(", ")), vec![input])
        }
        Kind::ToDf { input, names } => (format!("'ToDataFrame [{}]", names.join(", ")), vec![input]),
        Kind::ToSchema { input, schema } => (format!("'Project {}", schema.sql()), vec![input]),
        Kind::Transpose { input, index } => (format!("'UnresolvedTranspose {}", list(index)), vec![input]),
        Kind::AsOfJoin { name } => (format!("'AsOfJoin {name}"), vec![]),
        Kind::CollectMetrics { input, name, metrics } => {
            (format!("'CollectMetrics {name}, {}", list(metrics)), vec![input])
        }
        Kind::ShowString { input, rows, .. } => (format!("'ShowString {rows}"), vec![input]),
        Kind::HtmlString { input, rows, .. } => (format!("'HtmlString {rows}"), vec![input]),
        Kind::FillNa { input, columns, .. } => (format!("'FillNa [{}]", columns.join(", ")), vec![input]),
        Kind::DropNa { input, columns, .. } => (format!("'DropNa [{}]", columns.join(", ")), vec![input]),
        Kind::ReplaceNa { input, columns, .. } => (format!("'ReplaceNa [{}]", columns.join(", ")), vec![input]),
        Kind::Summary { input, statistics } => (format!("'Summary [{}]", statistics.join(", ")), vec![input]),
        Kind::Describe { input, columns } => (format!("'Describe [{}]", columns.join(", ")), vec![input]),
        Kind::Crosstab { input, first, second } => (format!("'Crosstab {first}, {second}"), vec![input]),
        Kind::Cov { input, first, second } => (format!("'Cov {first}, {second}"), vec![input]),
        Kind::Corr { input, first, second, .. } => (format!("'Corr {first}, {second}"), vec![input]),
        Kind::ApproxQuantile { input, columns, .. } => {
            (format!("'ApproxQuantile [{}]", columns.join(", ")), vec![input])
        }
        Kind::FreqItems { input, columns, .. } => (format!("'FreqItems [{}]", columns.join(", ")), vec![input]),
        Kind::SampleBy { input, column, .. } => (format!("'SampleBy {}", pretty(column, &Nowhere)), vec![input]),
        Kind::Unsupported(what) => (format!("'{what}"), vec![]),
    }
}

/// A query's body under what stands around it; nothing where nothing does.
fn query(query: &Query) -> (String, Vec<&Relation>) {
    let mut parts: Vec<String> = Vec::new();
    if !query.with.is_empty() {
        let names: Vec<&str> = query.with.iter().map(|cte| cte.name.as_str()).collect();
        parts.push(format!("'UnresolvedWith [{}]", names.join(", ")));
    }
    parts.extend(query.limit.as_ref().map(|limit| format!("'GlobalLimit {}", pretty(limit, &Nowhere))));
    parts.extend(query.offset.as_ref().map(|offset| format!("'Offset {}", pretty(offset, &Nowhere))));
    if query.order_by_all.is_some() {
        parts.push("'Sort [ALL], true".into());
    }
    for (orders, global) in [(&query.order_by, true), (&query.sort_by, false)] {
        if !orders.is_empty() {
            parts.push(format!("'Sort {}, {global}", order(orders)));
        }
    }
    let below = query.with.iter().map(|cte| &cte.query);
    if parts.is_empty() {
        return node(&query.body);
    }
    (parts.join(" "), below.chain([&query.body]).collect())
}

fn select(select: &Select) -> (String, Vec<&Relation>) {
    let columns = list(&select.projection);
    let mut line = match &select.group_by {
        GroupBy::None => format!("'Project {columns}"),
        by => format!("'Aggregate {}, {columns}", keys(by)),
    };
    if select.distinct {
        line = format!("'Distinct {line}");
    }
    for (word, condition) in [("'Filter", &select.filter), ("'UnresolvedHaving", &select.having)] {
        if let Some(condition) = condition {
            line.push_str(&format!(" {word} {}", pretty(condition, &Nowhere)));
        }
    }
    (line, select.from.iter().collect())
}

fn list(expressions: &[Expression]) -> String {
    format!("[{}]", expressions.iter().map(named).collect::<Vec<_>>().join(", "))
}

/// An expression with the name it is given.
fn named(expression: &Expression) -> String {
    match &expression.kind {
        ExpressionKind::Alias { child, .. } => {
            format!("{} AS {}", pretty(child, &Nowhere), output(expression, &Nowhere))
        }
        _ => pretty(expression, &Nowhere),
    }
}

fn order(orders: &[SortOrder]) -> String {
    let one = |order: &SortOrder| {
        let direction = if order.ascending { "ASC" } else { "DESC" };
        let nulls = if order.nulls_first { "FIRST" } else { "LAST" };
        format!("{} {direction} NULLS {nulls}", pretty(&order.child, &Nowhere))
    };
    format!("[{}]", orders.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn keys(by: &GroupBy) -> String {
    match by {
        GroupBy::None => "[]".into(),
        GroupBy::All => "[ALL]".into(),
        GroupBy::Elements(elements) => format!("[{}]", elements.iter().map(key).collect::<Vec<_>>().join(", ")),
    }
}

fn key(element: &GroupingElement) -> String {
    let lists = |lists: &[Vec<Expression>]| lists.iter().map(|inner| list(inner)).collect::<Vec<_>>().join(", ");
    match element {
        GroupingElement::Expression(expression) => pretty(expression, &Nowhere),
        GroupingElement::Rollup(parts) => format!("rollup({})", lists(parts)),
        GroupingElement::Cube(parts) => format!("cube({})", lists(parts)),
        GroupingElement::Sets(sets) => format!("sets({})", sets.iter().map(key).collect::<Vec<_>>().join(", ")),
        GroupingElement::Group(expressions) => list(expressions),
    }
}

#[cfg(test)]
mod tests {
    use floe_base::origin::SqlSource;

    use super::parsed;

    fn of(sql: &str) -> String {
        parsed(&floe_sql::parse_query(&SqlSource::new(sql)).expect("a query"))
    }

    #[test]
    fn a_tree_is_drawn_with_what_it_stands_on_below() {
        let drawn = of("SELECT a AS b FROM t JOIN u ON t.x = u.y WHERE c > 1 ORDER BY b LIMIT 3");
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines.first(), Some(&"'GlobalLimit 3 'Sort [b ASC NULLS FIRST], true"));
        assert_eq!(lines.get(1), Some(&"+- 'Project [a AS b] 'Filter (c > 1)"));
        assert_eq!(lines.get(3), Some(&"      :- 'UnresolvedRelation [t]"));
        assert_eq!(lines.get(4), Some(&"      +- 'UnresolvedRelation [u]"));
    }
}
