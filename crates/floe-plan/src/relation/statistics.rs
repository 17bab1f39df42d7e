//! `df.stat`: covariance and correlation, quantiles, and the table of how often two values meet.

use floe_base::{Error, Origin, Result};
use floe_syntax::expression::{CastMode, Expression, ExpressionKind};
use floe_syntax::relation::{Aggregate, GroupBy, GroupingElement};
use floe_syntax::{DataType, Literal, Relation, RelationKind};

use super::describe::cast_to;
use super::pivot::named;
use super::project::{named_output, renamed_output};
use super::select::{Shape, Tail};
use crate::expression::{Clause, Names};
use crate::resolver::{Env, Resolver};
use crate::rows::{Output, Rows};

impl Resolver<'_> {
    /// One number over two columns.
    #[expect(clippy::too_many_arguments, reason = "two statistics share it")]
    pub(crate) fn statistic<'t>(
        &self,
        input: &'t Relation,
        name: &str,
        function: &str,
        first: &str,
        second: &str,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let chosen = self.named_columns(&rows, &[first.to_string(), second.to_string()], origin)?;
        for column in &chosen {
            if !column.field.data_type().is_numeric() {
                return Err(Error::message(
                    floe_base::Kind::IllegalArgument,
                    format!(
                        "requirement failed: Currently {} calculation for columns with dataType {} not supported.",
                        if name == "cov" { "covariance" } else { "correlation" },
                        column.typed().spark_type()
                    ),
                )
                .at(origin));
            }
        }
        let (rows, columns) = self.unambiguous(rows, chosen)?;
        let numbers = columns.into_iter().map(|column| cast_to(column, DataType::Double, CastMode::Session)).collect();
        let value = Expression::call(function, numbers, origin.clone());
        self.over_all(rows, vec![named(value, name.to_string())], env)
    }

    /// One row of aggregates over all rows.
    fn over_all(&self, rows: Rows, projection: Vec<Expression>, env: &Env<'_>) -> Result<Rows> {
        let scope = rows.scope.clone();
        let names = Names::new(&scope, env, Clause::Select);
        let all = GroupBy::Elements(Vec::new());
        let shape = Shape { group_by: Some(&all), ..Shape::default() };
        self.selected(rows, &projection, &names, &shape, &Tail::default())
    }

    /// `df.approxQuantile(…)`: an array of quantiles for each column.
    pub(crate) fn approx_quantile<'t>(
        &self,
        input: &'t Relation,
        columns: &[String],
        probabilities: &[f64],
        relative_error: f64,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let rows = self.relation(input, env)?;
        let chosen = self.named_columns(&rows, columns, origin)?;
        let (rows, columns) = self.unambiguous(rows, chosen)?;
        // Spark's accuracy is the inverse of the relative error; 0 asks for exact quantiles.
        let accuracy = accuracy_of(relative_error);
        let literal = |value: Literal| Expression::literal(value, origin.clone());
        let shares = probabilities.iter().map(|share| literal(Literal::Double(*share))).collect();
        let shares = Expression::call("array", shares, origin.clone());
        let quantiles = columns
            .into_iter()
            .map(|column| {
                let number = cast_to(column, DataType::Double, CastMode::Session);
                let is_nan = Expression::call("isnan", vec![number.clone()], origin.clone());
                let kept = ExpressionKind::Case {
                    operand: None,
                    branches: vec![(Expression::call("not", vec![is_nan], origin.clone()), number)],
                    otherwise: None,
                };
                let accuracy = literal(Literal::Int(accuracy));
                let arguments = vec![Expression::new(kept, origin.clone()), shares.clone(), accuracy];
                let found = Expression::call("percentile_approx", arguments, origin.clone());
                let none = cast_to(
                    Expression::call("array", Vec::new(), origin.clone()),
                    DataType::Array { element: Box::new(DataType::Double), nullable: true },
                    CastMode::Session,
                );
                Expression::call("coalesce", vec![found, none], origin.clone())
            })
            .collect();
        let all = Expression::call("array", quantiles, origin.clone());
        self.over_all(rows, vec![named(all, "approx_quantile".to_string())], env)
    }

    /// `df.crosstab(a, b)`: how often each value of the one meets each value of the other.
    pub(crate) fn crosstab<'t>(
        &self,
        input: &'t Relation,
        first: &str,
        second: &str,
        env: &Env<'t>,
        origin: &Origin,
    ) -> Result<Rows> {
        let text = |name: &str| {
            let column = Expression::column(vec![name.to_string()], origin.clone());
            let text = cast_to(column, DataType::String, CastMode::Session);
            Expression::call(
                "coalesce",
                vec![text, Expression::literal(Literal::String("null".into()), origin.clone())],
                origin.clone(),
            )
        };
        let rows = self.relation(input, env)?;
        let key = named(text(first), format!("{first}_{second}"));
        let count =
            Expression::call("count", vec![Expression::literal(Literal::Int(1), origin.clone())], origin.clone());
        let aggregate = Aggregate {
            input: Relation::new(RelationKind::OneRow, origin.clone()),
            group_by: GroupBy::Elements(vec![GroupingElement::Expression(key)]),
            pivot: None,
            aggregates: vec![count],
        };
        let counted = self.pivoted_frame(rows, &aggregate, &text(second), &[], env, origin)?;
        let zero = crate::expression::literal::literal(&Literal::Long(0), origin)?;
        let mut outputs: Vec<Output> = Vec::new();
        for (position, column) in counted.scope.shown().enumerate() {
            if position == 0 {
                let column = column.clone().with_nullable(true);
                outputs.push(renamed_output(&column, &format!("{first}_{second}"), self));
                continue;
            }
            let value = floe_functions::condition::coalesce(vec![column.typed(), zero.clone()]);
            outputs.push(named_output(column.name(), value, self));
        }
        counted.project_closed(outputs)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the number is held between the bounds of an INT")]
fn accuracy_of(relative_error: f64) -> i32 {
    let most = f64::from(i32::MAX);
    if relative_error > 0.0 { (1.0 / relative_error).ceil().min(most) as i32 } else { i32::MAX }
}
