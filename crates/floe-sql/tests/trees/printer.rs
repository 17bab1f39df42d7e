//! The tree as compact S-expressions, for tests only.

use floe_syntax::command::{Command, MergeAction, MergeClause};
use floe_syntax::expression::{Argument, CastMode, Expression, ExpressionKind, FrameBound, SortOrder, WindowSpec};
use floe_syntax::relation::{
    GroupBy, GroupingElement, Join, JoinConstraint, JoinKind, Query, Relation, RelationKind, SampleMethod, Select,
    SetOperator, TableName, TimeTravel,
};
use floe_syntax::{Literal, Statement};

pub(crate) fn statement(statement: &Statement) -> String {
    match statement {
        Statement::Query(query) => relation(query),
        Statement::Command(found) => command(found),
    }
}

fn list(items: &[Expression]) -> String {
    format!("[{}]", all(items))
}

fn all(items: &[Expression]) -> String {
    items.iter().map(expression).collect::<Vec<_>>().join(" ")
}

pub(crate) fn expression(found: &Expression) -> String {
    match &found.kind {
        ExpressionKind::Literal(found) => literal(found),
        ExpressionKind::TypedLiteral { type_name, text } => format!("({type_name} '{text}')"),
        ExpressionKind::Attribute(found) => found.parts.join("."),
        ExpressionKind::Star(star) => {
            let mut text = star.qualifier.iter().map(|part| format!("{part}.")).collect::<String>() + "*";
            if !star.except.is_empty() {
                let names: Vec<_> = star.except.iter().map(|name| name.join(".")).collect();
                text = format!("({text} except {})", names.join(" "));
            }
            text
        }
        ExpressionKind::Call(call) => {
            let mut words = vec![call.name.join(".")];
            words.extend(call.distinct.then(|| "distinct".to_string()));
            words.extend(call.arguments.iter().map(argument));
            if !call.within_group.is_empty() {
                words.push(format!("within {}", orders(&call.within_group)));
            }
            words.extend(call.filter.as_ref().map(|filter| format!("filter {}", expression(filter))));
            words
                .extend(call.ignore_nulls.map(|ignore| format!("{}-nulls", if ignore { "ignore" } else { "respect" })));
            format!("({})", words.join(" "))
        }
        ExpressionKind::Cast { child, to, mode } => {
            let name = if *mode == CastMode::Try { "try_cast" } else { "cast" };
            format!("({name} {} {to})", expression(child))
        }
        ExpressionKind::Alias { child, names, .. } => format!("(as {} {})", expression(child), names.join(" ")),
        ExpressionKind::Case { operand, branches, otherwise } => {
            let mut text = "(case".to_string();
            for one in operand.iter() {
                text += &format!(" {}", expression(one));
            }
            for (condition, value) in branches {
                text += &format!(" [{} {}]", expression(condition), expression(value));
            }
            for one in otherwise.iter() {
                text += &format!(" {}", expression(one));
            }
            text + ")"
        }
        ExpressionKind::ScalarSubquery(query) => format!("(query {})", relation(query)),
        ExpressionKind::Exists(query) => format!("(exists {})", relation(query)),
        ExpressionKind::InSubquery { values, query } => format!("(in-query {} {})", list(values), relation(query)),
        ExpressionKind::Window { function, window } => format!("(over {}{})", expression(function), spec(window)),
        ExpressionKind::Lambda { parameters, body } => format!("(-> [{}] {})", parameters.join(" "), expression(body)),
        ExpressionKind::ExtractValue { child, key } => format!("(get {} {})", expression(child), expression(key)),
        ExpressionKind::NamedParameter(name) => format!(":{name}"),
        ExpressionKind::PositionalParameter(index) => format!("?{index}"),
        ExpressionKind::Default => "default".into(),
        ExpressionKind::Identifier { text, arguments } => match arguments {
            None => format!("(identifier {})", expression(text)),
            Some(arguments) => format!("(identifier {} {})", expression(text), list(arguments)),
        },
        other => format!("{other:?}"),
    }
}

fn argument(argument: &Argument) -> String {
    let name = argument.name.as_ref().map(|name| format!("{name}=>")).unwrap_or_default();
    name + &expression(&argument.value)
}

fn literal(found: &Literal) -> String {
    match found {
        Literal::Null(_) => "null".into(),
        Literal::Boolean(value) => value.to_string(),
        Literal::Byte(value) => format!("{value}Y"),
        Literal::Short(value) => format!("{value}S"),
        Literal::Int(value) => value.to_string(),
        Literal::Long(value) => format!("{value}L"),
        Literal::Float(value) => format!("{value:?}F"),
        Literal::Double(value) => format!("{value:?}D"),
        Literal::Decimal { unscaled, precision, scale } => format!("{unscaled}:decimal({precision},{scale})"),
        Literal::String(value) => format!("'{value}'"),
        Literal::Binary(bytes) => bytes.iter().fold("x".to_string(), |text, byte| text + &format!("{byte:02x}")),
        Literal::YearMonthInterval { months, from, to } => {
            format!("{months}:{}", floe_syntax::DataType::YearMonthInterval(*from, *to))
        }
        Literal::DayTimeInterval { micros, from, to } => {
            format!("{micros}:{}", floe_syntax::DataType::DayTimeInterval(*from, *to))
        }
        other => format!("{other:?}"),
    }
}

fn orders(orders: &[SortOrder]) -> String {
    let shown: Vec<_> = orders
        .iter()
        .map(|order| format!("{} {}", expression(&order.child), direction(order.ascending, order.nulls_first)))
        .collect();
    format!("[{}]", shown.join(", "))
}

fn direction(ascending: bool, nulls_first: bool) -> String {
    let side = if nulls_first { "nulls-first" } else { "nulls-last" };
    format!("{} {side}", if ascending { "asc" } else { "desc" })
}

fn spec(window: &WindowSpec) -> String {
    let mut text = window.base.as_ref().map(|base| format!(" {base}")).unwrap_or_default();
    if !window.partition_by.is_empty() {
        text += &format!(" {}", list(&window.partition_by));
    }
    if !window.order_by.is_empty() {
        text += &format!(" {}", orders(&window.order_by));
    }
    if let Some(frame) = &window.frame {
        let kind = if frame.rows { "rows" } else { "range" };
        text += &format!(" {kind} {} {}", bound(&frame.start), bound(&frame.end));
    }
    text
}

fn bound(found: &FrameBound) -> String {
    match found {
        FrameBound::UnboundedPreceding => "unbounded-preceding".into(),
        FrameBound::CurrentRow => "current".into(),
        FrameBound::UnboundedFollowing => "unbounded-following".into(),
        FrameBound::Preceding(offset) => format!("{}-preceding", expression(offset)),
        FrameBound::Following(offset) => format!("{}-following", expression(offset)),
        FrameBound::Offset(offset) => expression(offset),
    }
}

fn table(name: &TableName) -> String {
    let mut text = name.parts.join(".");
    if let Some(found) = &name.identifier {
        text += &format!("identifier({})", expression(found));
    }
    match &name.time_travel {
        Some(TimeTravel::Version(version)) => text += &format!(" version {version}"),
        Some(TimeTravel::Timestamp(time)) => text += &format!(" timestamp {}", expression(time)),
        None => {}
    }
    text
}

fn relation(found: &Relation) -> String {
    match &*found.kind {
        RelationKind::Table(name) => format!("(table {})", table(name)),
        RelationKind::Values { rows } => {
            format!("(values {})", rows.iter().map(|row| list(row)).collect::<Vec<_>>().join(" "))
        }
        RelationKind::OneRow => "(one-row)".into(),
        RelationKind::TableFunction { call, .. } => format!("(function {})", expression(call)),
        RelationKind::Query(found) => query(found),
        RelationKind::Select(found) => select(found),
        RelationKind::LateralView { input, generator, outer, table, columns } => {
            let outer = if *outer { "outer " } else { "" };
            let table = table.as_deref().unwrap_or("-");
            format!("(lateral-view {outer}{} {} {table} {})", relation(input), expression(generator), columns.join(" "))
        }
        RelationKind::Pivot(pivot) => {
            let values = pivot.values.iter().map(|(value, alias)| named(expression(value), alias.as_ref()));
            let values = values.collect::<Vec<_>>().join(" ");
            let (aggregates, columns) = (list(&pivot.aggregates), list(&pivot.columns));
            format!("(pivot {} {aggregates} for {columns} in {values})", relation(&pivot.input))
        }
        RelationKind::Unpivot(unpivot) => {
            let groups = unpivot.groups.iter().flatten().map(|(columns, alias)| named(all(columns), alias.as_ref()));
            let groups = groups.collect::<Vec<_>>().join(" ");
            let (values, name) = (unpivot.values.join(" "), &unpivot.variable);
            format!("(unpivot {} {values} for {name} in {groups})", relation(&unpivot.input))
        }
        RelationKind::Filter { input, condition } => format!("(filter {} {})", relation(input), expression(condition)),
        RelationKind::Aggregate(found) => {
            let (group, aggregates) = (group(&found.group_by), list(&found.aggregates));
            format!("(aggregate {}{group} {aggregates})", relation(&found.input))
        }
        RelationKind::Join(found) => join(found),
        RelationKind::SetOperation { left, right, operator, all, .. } => {
            let name = match operator {
                SetOperator::Union => "union",
                SetOperator::Intersect => "intersect",
                SetOperator::Except => "except",
            };
            format!("({name}{} {} {})", if *all { "-all" } else { "" }, relation(left), relation(right))
        }
        RelationKind::Alias { input, name, columns } => {
            let columns = columns.iter().map(|column| format!(" {column}")).collect::<String>();
            format!("(alias {} {}{columns})", relation(input), name.join("."))
        }
        RelationKind::Sample(sample) => match &sample.method {
            SampleMethod::Fraction { lower, upper } => format!("(sample {} {lower}..{upper})", relation(&sample.input)),
            other => format!("(sample {} {other:?})", relation(&sample.input)),
        },
        other => format!("{other:?}"),
    }
}

fn named(text: String, alias: Option<&String>) -> String {
    alias.map_or(text.clone(), |alias| format!("{text}={alias}"))
}

fn query(found: &Query) -> String {
    let mut words = Vec::new();
    words.extend(found.with.iter().map(|cte| format!("with {}={}", cte.name, relation(&cte.query))));
    words.push(relation(&found.body));
    if !found.order_by.is_empty() {
        words.push(format!("order {}", orders(&found.order_by)));
    }
    words.extend(found.order_by_all.map(|(ascending, nulls)| format!("order all {}", direction(ascending, nulls))));
    words.extend(found.limit.as_ref().map(|limit| format!("limit {}", expression(limit))));
    words.extend(found.offset.as_ref().map(|offset| format!("offset {}", expression(offset))));
    format!("(query {})", words.join(" "))
}

fn select(found: &Select) -> String {
    let mut words = vec!["select".to_string()];
    words.extend(found.hints.iter().map(|hint| format!("hint {}({})", hint.name, all(&hint.parameters))));
    words.extend(found.distinct.then(|| "distinct".to_string()));
    words.push(list(&found.projection));
    words.extend(found.from.as_ref().map(relation));
    words.extend(found.filter.as_ref().map(|filter| format!("where {}", expression(filter))));
    let group = group(&found.group_by);
    words.extend((!group.is_empty()).then(|| group.trim().to_string()));
    words.extend(found.having.as_ref().map(|having| format!("having {}", expression(having))));
    format!("({})", words.join(" "))
}

fn group(found: &GroupBy) -> String {
    match found {
        GroupBy::None => String::new(),
        GroupBy::All => " group all".into(),
        GroupBy::Elements(elements) => {
            format!(" group [{}]", elements.iter().map(element).collect::<Vec<_>>().join(" "))
        }
    }
}

fn element(found: &GroupingElement) -> String {
    let lists = |groups: &[Vec<Expression>]| groups.iter().map(|group| list(group)).collect::<Vec<_>>().join(" ");
    match found {
        GroupingElement::Expression(found) => expression(found),
        GroupingElement::Rollup(groups) => format!("(rollup {})", lists(groups)),
        GroupingElement::Cube(groups) => format!("(cube {})", lists(groups)),
        GroupingElement::Sets(sets) => format!("(sets {})", sets.iter().map(element).collect::<Vec<_>>().join(" ")),
        GroupingElement::Group(group) => list(group),
    }
}

fn join(found: &Join) -> String {
    let kind = match found.kind {
        JoinKind::Inner => "inner",
        JoinKind::Cross => "cross",
        JoinKind::LeftOuter => "left-outer",
        JoinKind::RightOuter => "right-outer",
        JoinKind::FullOuter => "full-outer",
        JoinKind::LeftSemi => "left-semi",
        JoinKind::LeftAnti => "left-anti",
    };
    let constraint = match &found.constraint {
        JoinConstraint::None => String::new(),
        JoinConstraint::On(condition) => format!(" on {}", expression(condition)),
        JoinConstraint::Using(columns) => format!(" using {}", columns.join(" ")),
        JoinConstraint::Natural => " natural".into(),
    };
    let lateral = if found.lateral { "lateral " } else { "" };
    format!("({lateral}{kind} {} {}{constraint})", relation(&found.left), relation(&found.right))
}

fn pairs(entries: &[(String, String)]) -> String {
    entries.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

fn command(found: &Command) -> String {
    match found {
        Command::CreateTable(found) => {
            let mut words = vec![format!("create-table {:?} {}", found.mode, table(&found.name))];
            words.extend(found.provider.as_ref().map(|provider| format!("using {provider}")));
            words.extend((!found.options.is_empty()).then(|| format!("options {}", pairs(&found.options))));
            words.extend((!found.properties.is_empty()).then(|| format!("properties {}", pairs(&found.properties))));
            if !found.partitioning.is_empty() {
                let parts = found.partitioning.iter().map(|part| format!("{}({})", part.name, part.column.join(".")));
                words.push(format!("partitioned {}", parts.collect::<Vec<_>>().join(" ")));
            }
            words.extend(found.location.as_ref().map(|location| format!("location {location}")));
            words.extend(found.comment.as_ref().map(|comment| format!("comment {comment}")));
            words.extend(found.query.as_ref().map(|query| format!("as {}", relation(query))));
            format!("({})", words.join(" "))
        }
        Command::Insert(found) => {
            let mut words = vec!["insert".to_string()];
            words.extend(found.overwrite.then(|| "overwrite".to_string()));
            words.push(table(&found.table));
            words.extend(found.columns.as_ref().map(|columns| format!("columns {}", columns.join(" "))));
            if !found.partition.is_empty() {
                let parts = found.partition.iter().map(|(name, value)| match value {
                    Some(value) => format!("{name}={}", expression(value)),
                    None => name.clone(),
                });
                words.push(format!("partition {}", parts.collect::<Vec<_>>().join(" ")));
            }
            words.push(relation(&found.source));
            format!("({})", words.join(" "))
        }
        Command::Merge(found) => {
            let target = named(table(&found.target), None);
            let alias = |alias: &Option<String>| alias.as_ref().map(|alias| format!(" {alias}")).unwrap_or_default();
            let mut text = format!("(merge {target}{} using {}", alias(&found.target_alias), relation(&found.source));
            text += &format!("{} on {}", alias(&found.source_alias), expression(&found.condition));
            for (name, clauses) in [
                ("matched", &found.matched),
                ("not-matched", &found.not_matched),
                ("not-matched-by-source", &found.not_matched_by_source),
            ] {
                text += &clauses.iter().map(|one| format!(" {name}{}", clause(one))).collect::<String>();
            }
            text + ")"
        }
        Command::Set { key, value } => format!("(set {key} {value})"),
        Command::CreateView(view) => {
            let replace = if view.or_replace { " replace" } else { "" };
            let text = view.text.as_deref().unwrap_or("");
            format!("(create-view {:?} {}{replace} `{text}`)", view.kind, table(&view.name))
        }
        Command::AlterTable { table: name, action } => format!("(alter-table {} {action:?})", table(name)),
        Command::Explain { mode, statement: inner } => format!("(explain {mode:?} {})", statement(inner)),
        other => format!("{other:?}"),
    }
}

fn clause(found: &MergeClause) -> String {
    let condition = found.condition.as_ref().map(|found| format!(" if {}", expression(found))).unwrap_or_default();
    let assigned = |assignments: &[floe_syntax::command::Assignment]| {
        let shown = assignments.iter().map(|one| format!(" {}={}", one.column.join("."), expression(&one.value)));
        shown.collect::<String>()
    };
    let action = match &found.action {
        MergeAction::Delete => "delete".into(),
        MergeAction::UpdateAll => "update-all".into(),
        MergeAction::InsertAll => "insert-all".into(),
        MergeAction::Update(assignments) => format!("update{}", assigned(assignments)),
        MergeAction::Insert(assignments) => format!("insert{}", assigned(assignments)),
    };
    format!("{condition} {action}")
}
