//! CASE.

use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Case;
use floe_base::{Error, Origin, Result};
use floe_functions::{Typed, coerce};
use floe_syntax::Expression;

use super::Names;
use crate::resolver::Resolver;

impl Resolver<'_> {
    /// `CASE WHEN c THEN v … END`; with an operand each condition is an equality.
    pub(crate) fn case(
        &self,
        operand: Option<&Expression>,
        branches: &[(Expression, Expression)],
        otherwise: Option<&Expression>,
        names: &Names<'_>,
        origin: &Origin,
    ) -> Result<Typed> {
        let mut conditions = Vec::with_capacity(branches.len());
        let mut values = Vec::with_capacity(branches.len() + 1);
        for (condition, value) in branches {
            let condition = match operand {
                None => self.condition(condition, names, "CASE")?,
                Some(operand) => {
                    let equality =
                        Expression::call("=", vec![operand.clone(), condition.clone()], condition.origin.clone());
                    self.expression(&equality, names)?
                }
            };
            conditions.push(condition);
            values.push(self.expression(value, names)?);
        }
        if let Some(otherwise) = otherwise {
            values.push(self.expression(otherwise, names)?);
        }
        let types: Vec<String> = values.iter().map(|value| format!("\"{}\"", value.spark_type().sql())).collect();
        let Some(values) = coerce::unify(values, self.context, origin) else {
            return Err(Error::analysis("DATATYPE_MISMATCH.DATA_DIFF_TYPES")
                .with("functionName", "`casewhen`")
                .with("dataType", format!("[{}]", types.join(", ")))
                .at(origin));
        };
        case_of(conditions, values?, otherwise.is_some())
    }
}

/// The engine's CASE over branches of one type.
fn case_of(conditions: Vec<Typed>, mut values: Vec<Typed>, has_else: bool) -> Result<Typed> {
    let otherwise = if has_else { values.pop() } else { None };
    let first = values.first().ok_or_else(|| Error::internal("a CASE without branches"))?;
    let (data_type, written) = (first.data_type.clone(), first.written.clone());
    let all = || values.iter().chain(&otherwise);
    let nullable = otherwise.is_none() || all().any(|value| value.nullable);
    let fallible = conditions.iter().chain(all()).any(|value| value.fallible);
    let when_then = conditions
        .into_iter()
        .zip(values)
        .map(|(condition, value)| (Box::new(condition.expr), Box::new(value.expr)))
        .collect();
    let expr = Expr::Case(Case::new(None, when_then, otherwise.map(|value| Box::new(value.expr))));
    Ok(Typed::new(expr, data_type, nullable).with_fallible(fallible).with_written(written))
}
