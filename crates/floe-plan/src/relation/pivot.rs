//! PIVOT: values of a column become columns, each an aggregate over the rows that have the value.
//!
//! A group without rows of a value gives NULL there, even for a count, as Spark's two-step plan does.

use std::sync::Arc;

use arrow::array::Array;
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Origin, Result};
use floe_functions::FunctionKind;
use floe_functions::cast::cast;
use floe_syntax::expression::{Argument, CastMode, Expression, ExpressionKind};
use floe_syntax::relation::{Aggregate, GroupBy, GroupingElement, Pivot};
use floe_syntax::{DataType, Literal};

use super::select::{Shape, Tail};
use crate::expression::call::{declared, function_name};
use crate::expression::constant::fold;
use crate::expression::{Clause, Names};
use crate::name;
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::{Column, Match, Scope};

/// A pivot's value: the name of its columns, and the condition its rows meet.
struct Slice {
    name: String,
    condition: Expression,
}

impl Resolver<'_> {
    /// SQL's PIVOT: groups by every column that it does not mention.
    pub(crate) fn pivot<'t>(&self, pivot: &'t Pivot, env: &Env<'t>, origin: &Origin) -> Result<Rows> {
        let rows = self.relation(&pivot.input, env)?;
        let scope = rows.scope.clone();
        let names = Names::new(&scope, env, Clause::Other);
        let mut slices = Vec::with_capacity(pivot.values.len());
        for (value, alias) in &pivot.values {
            slices.push(self.slice(&pivot.columns, value, alias.as_deref(), env, origin)?);
        }
        for aggregate in &pivot.aggregates {
            self.must_aggregate(aggregate, &scope)?;
        }
        let mentioned = self.mentioned(pivot, &names)?;
        let keys: Vec<Column> = scope.shown().filter(|column| !mentioned.contains(&column.id)).cloned().collect();
        // Keys by fresh names: two columns of one name would be ambiguous.
        let (rows, keys) = self.unambiguous(rows, keys)?;
        self.sliced(rows, keys, &pivot.aggregates, &slices, env)
    }

    /// The DataFrame's `groupBy(…).pivot(column, values).agg(…)`.
    pub(crate) fn pivoted_frame(
        &self,
        rows: Rows,
        aggregate: &Aggregate,
        column: &Expression,
        values: &[Literal],
        env: &Env<'_>,
        origin: &Origin,
    ) -> Result<Rows> {
        let found: Vec<Literal>;
        let values = if values.is_empty() {
            found = self.pivot_values(&rows, column, env, origin)?;
            &found
        } else {
            values
        };
        let mut slices = Vec::with_capacity(values.len());
        for value in values {
            let value = Expression::literal(value.clone(), origin.clone());
            slices.push(self.slice(std::slice::from_ref(column), &value, None, env, origin)?);
        }
        let keys = super::aggregate::keys_in_order(&aggregate.group_by);
        self.sliced(rows, keys, &aggregate.aggregates, &slices, env)
    }

    /// The distinct values of a column in order: asked before the query itself.
    fn pivot_values(&self, rows: &Rows, column: &Expression, env: &Env<'_>, origin: &Origin) -> Result<Vec<Literal>> {
        let most: i64 = self.context.conf("spark.sql.pivotMaxValues", "10000").parse().unwrap_or(10_000);
        let batches = self.ask(|| {
            let scope = rows.scope.clone();
            let names = Names::new(&scope, env, Clause::Other);
            let value = self.expression(column, &names)?;
            let made = self.column("value", &value);
            let values = rows.clone().project_closed(vec![Output { value, column: made }])?.distinct(self)?;
            let values = self.sorted_by_all(values, true, true)?.limit(None, Some(most + 1));
            crate::lower::planned_within(values, self)
        })?;
        let mut values = Vec::new();
        for batch in &batches {
            let Some(column) = batch.columns().first() else { continue };
            for row in 0..column.len() {
                values.push(literal_of(&ScalarValue::try_from_array(column, row)?, origin)?);
            }
        }
        if i64::try_from(values.len()).is_ok_and(|count| count > most) {
            return Err(Error::message(
                Kind::Analysis,
                format!("The pivot column {} has more than {most} distinct values, this could indicate an error. If this was intended, set spark.sql.pivotMaxValues to at least the number of distinct values of the pivot column.", name::pretty(column, &name::Nowhere)),
            )
            .at(origin));
        }
        Ok(values)
    }

    fn slice(
        &self,
        columns: &[Expression],
        value: &Expression,
        alias: Option<&str>,
        env: &Env<'_>,
        origin: &Origin,
    ) -> Result<Slice> {
        let parts: Vec<Expression> = match (&value.kind, columns) {
            (ExpressionKind::Call(call), [_, _, ..]) if is_row(call) => {
                call.arguments.iter().map(|argument| argument.value.clone()).collect()
            }
            _ => vec![value.clone()],
        };
        let parts =
            if parts.len() == columns.len() * 2 { parts.into_iter().skip(1).step_by(2).collect() } else { parts };
        if parts.len() != columns.len() {
            return Err(Error::analysis("PIVOT_VALUE_DATA_TYPE_MISMATCH")
                .with("value", name::pretty(value, &name::Nowhere))
                .with("valueType", "struct")
                .with("pivotType", "struct")
                .at(origin));
        }
        let equalities = columns
            .iter()
            .zip(&parts)
            .map(|(column, value)| Expression::call("<=>", vec![column.clone(), value.clone()], origin.clone()));
        let condition = equalities
            .reduce(|left, right| Expression::call("and", vec![left, right], origin.clone()))
            .ok_or_else(|| Error::internal("a pivot without columns"))?;
        let name = match alias {
            Some(alias) => alias.to_string(),
            None => self.value_name(&parts, env, origin)?,
        };
        Ok(Slice { name, condition })
    }

    /// A value as text, which names its columns.
    fn value_name(&self, parts: &[Expression], env: &Env<'_>, origin: &Origin) -> Result<String> {
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            let value = self.constant(part, env)?;
            let text = cast(value, &DataType::String.to_arrow(), CastMode::Session, self.context, origin)?;
            texts.push(match fold(&text)? {
                ScalarValue::Utf8(Some(text)) => text,
                _ => "null".to_string(),
            });
        }
        match texts.as_slice() {
            [one] => Ok(one.clone()),
            several => Ok(format!("{{{}}}", several.join(", "))),
        }
    }

    /// A column of a PIVOT's aggregate stands inside an aggregate function (Spark 4.1 `PivotTransformer`).
    fn must_aggregate(&self, expression: &Expression, scope: &Arc<Scope>) -> Result<()> {
        match &expression.kind {
            ExpressionKind::Attribute(attribute) => match scope.resolve(&attribute.parts, self.case_sensitive) {
                Match::One(column, _) => {
                    Err(Error::analysis("_LEGACY_ERROR_TEMP_1006").with("sql", column.path().join(".")))
                }
                _ => Ok(()),
            },
            ExpressionKind::Call(call) if !is_aggregate(call) => {
                call.arguments.iter().try_for_each(|argument| self.must_aggregate(&argument.value, scope))
            }
            ExpressionKind::Cast { child, .. } | ExpressionKind::Alias { child, .. } => {
                self.must_aggregate(child, scope)
            }
            _ => Ok(()),
        }
    }

    /// The columns a PIVOT mentions.
    fn mentioned(&self, pivot: &Pivot, names: &Names<'_>) -> Result<Vec<crate::scope::Id>> {
        let mut ids = Vec::new();
        for column in &pivot.columns {
            let value = self.expression(column, names)?;
            ids.extend(value.expr.column_refs().iter().filter_map(|column| crate::scope::id_of(&column.name)));
        }
        for aggregate in &pivot.aggregates {
            let mut failed = None;
            attributes(aggregate, &mut |attribute| match self.expression(attribute, names) {
                Ok(value) => {
                    ids.extend(value.expr.column_refs().iter().filter_map(|column| crate::scope::id_of(&column.name)));
                }
                Err(error) => failed = failed.take().or(Some(error)),
            });
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(ids)
    }

    /// Gives columns a qualifier nobody else has, and the names that find them by it.
    pub(crate) fn unambiguous(&self, rows: Rows, keys: Vec<Column>) -> Result<(Rows, Vec<Expression>)> {
        let mut columns: Vec<Column> = rows.scope.columns.clone();
        let mut named = Vec::with_capacity(keys.len());
        for key in &keys {
            let qualifier = format!("#{}", key.id);
            if let Some(column) = columns.iter_mut().find(|column| column.id == key.id) {
                let mut path: Vec<String> = column.qualifier.to_vec();
                path.push(qualifier.clone());
                column.qualifier = path.into();
            }
            named.push(Expression::column(vec![qualifier, key.name().to_string()], Origin::Unknown));
        }
        Ok((rows.with_scope(crate::scope::Scope::new(columns)), named))
    }

    fn sliced(
        &self,
        rows: Rows,
        keys: Vec<Expression>,
        aggregates: &[Expression],
        slices: &[Slice],
        env: &Env<'_>,
    ) -> Result<Rows> {
        let scope = rows.scope.clone();
        let names = Names::new(&scope, env, Clause::Select);
        let mut projection = keys.clone();
        for slice in slices {
            for aggregate in aggregates {
                let (child, alias) = match &aggregate.kind {
                    ExpressionKind::Alias { child, names, .. } => (child.as_ref(), names.first().cloned()),
                    _ => (aggregate, None),
                };
                let name = match (aggregates.len(), alias) {
                    (1, _) => slice.name.clone(),
                    (_, Some(alias)) => format!("{}_{alias}", slice.name),
                    (_, None) => format!("{}_{}", slice.name, self.text(child, &names)),
                };
                projection.push(named(within(child, &slice.condition), name));
            }
        }
        let elements = keys.into_iter().map(GroupingElement::Expression).collect();
        let group_by = GroupBy::Elements(elements);
        let shape = Shape { group_by: Some(&group_by), ..Shape::default() };
        let rows = self.selected(rows, &projection, &names, &shape, &Tail::default())?;
        let columns = rows
            .scope
            .columns
            .iter()
            .map(|column| if slices.is_empty() { column.clone() } else { column.clone().with_qualifier([].into()) })
            .collect();
        Ok(rows.with_scope(crate::scope::Scope::new(columns)))
    }
}

/// The aggregate over a slice's rows; NULL where there are none.
fn within(aggregate: &Expression, condition: &Expression) -> Expression {
    let origin = aggregate.origin.clone();
    let mut count =
        floe_syntax::expression::Call::new("count", vec![Expression::literal(Literal::Int(1), origin.clone())]);
    count.filter = Some(condition.clone());
    let count = Expression::new(ExpressionKind::Call(Box::new(count)), origin.clone());
    let some =
        Expression::call(">", vec![count, Expression::literal(Literal::Long(0), origin.clone())], origin.clone());
    let mut inner = aggregate.clone();
    filter_aggregates(&mut inner, condition);
    let case = ExpressionKind::Case { operand: None, branches: vec![(some, inner)], otherwise: None };
    Expression::new(case, origin)
}

/// Gives every aggregate in an expression a further filter.
fn filter_aggregates(expression: &mut Expression, condition: &Expression) {
    let origin = expression.origin.clone();
    match &mut expression.kind {
        ExpressionKind::Call(call) => {
            if is_aggregate(call) {
                call.filter = Some(match call.filter.take() {
                    Some(filter) => Expression::call("and", vec![filter, condition.clone()], origin),
                    None => condition.clone(),
                });
                return;
            }
            for Argument { value, .. } in &mut call.arguments {
                filter_aggregates(value, condition);
            }
        }
        ExpressionKind::Cast { child, .. } | ExpressionKind::Alias { child, .. } => filter_aggregates(child, condition),
        ExpressionKind::ExtractValue { child, .. } => filter_aggregates(child, condition),
        ExpressionKind::Case { operand, branches, otherwise } => {
            operand.iter_mut().chain(otherwise).for_each(|value| filter_aggregates(value, condition));
            for (when, then) in branches {
                filter_aggregates(when, condition);
                filter_aggregates(then, condition);
            }
        }
        _ => {}
    }
}

/// Calls `visit` for every attribute of an expression.
fn attributes(expression: &Expression, visit: &mut dyn FnMut(&Expression)) {
    match &expression.kind {
        ExpressionKind::Attribute(_) => visit(expression),
        ExpressionKind::Call(call) => {
            call.arguments.iter().for_each(|argument| attributes(&argument.value, visit));
            call.filter.iter().for_each(|filter| attributes(filter, visit));
        }
        ExpressionKind::Cast { child, .. } | ExpressionKind::Alias { child, .. } => attributes(child, visit),
        ExpressionKind::ExtractValue { child, key } => {
            attributes(child, visit);
            attributes(key, visit);
        }
        ExpressionKind::Case { operand, branches, otherwise } => {
            operand.iter().chain(otherwise).for_each(|value| attributes(value, visit));
            for (when, then) in branches {
                attributes(when, visit);
                attributes(then, visit);
            }
        }
        _ => {}
    }
}

fn is_aggregate(call: &floe_syntax::expression::Call) -> bool {
    declared(call).is_some_and(|function| function.kind == FunctionKind::Aggregate)
}

fn is_row(call: &floe_syntax::expression::Call) -> bool {
    matches!(function_name(call).as_str(), "()" | "struct" | "named_struct")
}

pub(crate) fn named(child: Expression, name: String) -> Expression {
    let origin = child.origin.clone();
    Expression::new(ExpressionKind::Alias { child: Box::new(child), names: vec![name], metadata: None }, origin)
}

/// A value of the engine as a literal of the tree.
pub(crate) fn literal_of(value: &ScalarValue, origin: &Origin) -> Result<Literal> {
    Ok(match value {
        value if value.is_null() => Literal::Null(DataType::from_arrow(&value.data_type())),
        ScalarValue::Boolean(Some(value)) => Literal::Boolean(*value),
        ScalarValue::Int8(Some(value)) => Literal::Byte(*value),
        ScalarValue::Int16(Some(value)) => Literal::Short(*value),
        ScalarValue::Int32(Some(value)) => Literal::Int(*value),
        ScalarValue::Int64(Some(value)) => Literal::Long(*value),
        ScalarValue::Float32(Some(value)) => Literal::Float(*value),
        ScalarValue::Float64(Some(value)) => Literal::Double(*value),
        ScalarValue::Utf8(Some(text)) => Literal::String(text.clone()),
        ScalarValue::Binary(Some(bytes)) => Literal::Binary(bytes.clone()),
        ScalarValue::Date32(Some(days)) => Literal::Date(*days),
        ScalarValue::TimestampMicrosecond(Some(micros), Some(_)) => Literal::Timestamp(*micros),
        ScalarValue::TimestampMicrosecond(Some(micros), None) => Literal::TimestampNtz(*micros),
        ScalarValue::Decimal128(Some(unscaled), precision, scale) => {
            Literal::Decimal { unscaled: *unscaled, precision: *precision, scale: *scale }
        }
        other => {
            let data_type = DataType::from_arrow(&other.data_type());
            return Err(Error::unsupported(format!("a pivot over values of type {data_type}")).at(origin));
        }
    })
}
