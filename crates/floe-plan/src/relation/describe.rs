//! `df.describe(…)` and `df.summary(…)`: statistics as text, one row each.

use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Origin, Result};
use floe_functions::Typed;
use floe_syntax::expression::{CastMode, Expression, ExpressionKind};
use floe_syntax::relation::GroupBy;
use floe_syntax::{DataType, Literal, Relation};

use super::select::{Shape, Tail};
use crate::expression::field::structure;
use crate::expression::generator::{Generated, spread};
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};
use crate::scope::Column;

const DESCRIBED: [&str; 5] = ["count", "mean", "stddev", "min", "max"];
const SUMMARISED: [&str; 8] = ["count", "mean", "stddev", "min", "25%", "50%", "75%", "max"];

impl Resolver<'_> {
    pub(crate) fn describe<'t>(
        &self,
        input: &'t Relation,
        columns: &[String],
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let columns = self.named_columns(&rows, columns, origin)?;
        self.summarised(rows, columns, &DESCRIBED.map(String::from), env, origin)
    }

    pub(crate) fn summary<'t>(
        &self,
        input: &'t Relation,
        statistics: &[String],
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let columns: Vec<Column> = rows.scope.shown().cloned().collect();
        let default = SUMMARISED.map(String::from);
        let statistics = if statistics.is_empty() { &default } else { statistics };
        self.summarised(rows, columns, statistics, env, origin)
    }

    fn summarised(
        &self,
        rows: Rows,
        columns: Vec<Column>,
        statistics: &[String],
        env: &Env<'_>,
        origin: &Origin,
    ) -> Result<Rows> {
        let is_told = |column: &Column| {
            let data_type = column.field.data_type();
            data_type.is_numeric() || *data_type == arrow::datatypes::DataType::Utf8
        };
        let columns: Vec<Column> = columns.into_iter().filter(is_told).collect();
        let (rows, written) = self.unambiguous(rows, columns.clone())?;
        let scope = rows.scope.clone();
        let names = Names::new(&scope, env, Clause::Select);
        let mut projection = Vec::with_capacity(statistics.len() * columns.len());
        for statistic in statistics {
            for (value, column) in written.iter().zip(&columns) {
                let is_text = *column.field.data_type() == arrow::datatypes::DataType::Utf8;
                let told = statistic_of(statistic, value, is_text, origin)?;
                projection.push(cast_to(told, DataType::String, CastMode::Session));
            }
        }
        let all = GroupBy::Elements(Vec::new());
        let shape = Shape { group_by: Some(&all), ..Shape::default() };
        let told = self.selected(rows, &projection, &names, &shape, &Tail::default())?;
        let cells: Vec<Column> = told.scope.shown().cloned().collect();
        let mut structs = Vec::with_capacity(statistics.len());
        for (position, statistic) in statistics.iter().enumerate() {
            let name = Typed { nullable: true, ..Typed::constant(ScalarValue::from(statistic.as_str())) };
            let mut members = vec![("summary".to_string(), name)];
            for (index, column) in columns.iter().enumerate() {
                let cell = cells.get(position * columns.len() + index);
                let cell = cell.ok_or_else(|| Error::internal("a summary misses a cell"))?;
                let value = Typed { nullable: true, ..cell.typed() };
                members.push((format!("{index}{}", column.name()), value));
            }
            structs.push(structure(None, members));
        }
        let array = self.apply("array", structs, "summary", origin)?;
        let fields = match &array.data_type {
            arrow::datatypes::DataType::List(element) => match element.data_type() {
                arrow::datatypes::DataType::Struct(fields) => fields.clone(),
                _ => return Err(Error::internal("a summary without rows")),
            },
            _ => return Err(Error::internal("a summary without rows")),
        };
        let id = self.fresh();
        let mut names = vec!["summary".to_string()];
        names.extend(columns.iter().map(|column| column.name().to_string()));
        let members = self.generated_members(id, &fields, false, &names, origin)?;
        let rows = spread(told, Generated { value: array, id, outer: false })?;
        rows.project_closed(members.into_iter().map(|(value, column)| Output { value, column }).collect())
    }
}

/// A statistic of a column, as the unresolved tree says it. A text is read as a number where it has to be.
fn statistic_of(statistic: &str, value: &Expression, is_text: bool, origin: &Origin) -> Result<Expression> {
    let call = |name: &str, arguments: Vec<Expression>| Expression::call(name, arguments, origin.clone());
    let number = || cast_to(value.clone(), DataType::Double, CastMode::Try);
    let lower = statistic.to_lowercase();
    if let Some(percent) = lower.strip_suffix('%') {
        let share: f64 = percent.parse().map_err(|_| {
            Error::message(Kind::IllegalArgument, format!("Unable to parse {statistic} as a percentile")).at(origin)
        })?;
        if !(0.0..=100.0).contains(&share) {
            return Err(Error::message(
                Kind::IllegalArgument,
                "requirement failed: Percentiles must be in the range [0, 1]",
            )
            .at(origin));
        }
        let share = Expression::literal(Literal::Double(share / 100.0), origin.clone());
        let ranked = if is_text { number() } else { value.clone() };
        return Ok(call("percentile_approx", vec![ranked, share]));
    }
    Ok(match lower.as_str() {
        "count" => call("count", vec![value.clone()]),
        "mean" => call("avg", vec![number()]),
        "stddev" => call("stddev", vec![number()]),
        "min" | "max" => call(&lower, vec![value.clone()]),
        "approx_count_distinct" => call("approx_count_distinct", vec![value.clone()]),
        "count_distinct" => {
            let mut count = floe_syntax::expression::Call::new("count", vec![value.clone()]);
            count.distinct = true;
            Expression::new(ExpressionKind::Call(Box::new(count)), origin.clone())
        }
        _ => {
            return Err(
                Error::message(Kind::IllegalArgument, format!("{statistic} is not a recognised statistic")).at(origin)
            );
        }
    })
}

pub(crate) fn cast_to(child: Expression, to: DataType, mode: CastMode) -> Expression {
    let origin = child.origin.clone();
    Expression::new(ExpressionKind::Cast { child: Box::new(child), to, mode }, origin)
}
