//! CASE.

use floe_base::{Origin, Result};
use floe_functions::{Typed, condition};
use floe_syntax::Expression;
use floe_syntax::expression::ExpressionKind;

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
        let mut pairs = Vec::with_capacity(branches.len());
        for (condition, value) in branches {
            let condition = match operand {
                None => self.expression(condition, names)?,
                Some(operand) => {
                    let sides = vec![operand.clone(), condition.clone()];
                    self.expression(&Expression::call("=", sides, condition.origin.clone()), names)?
                }
            };
            pairs.push((condition, self.expression(value, names)?));
        }
        let otherwise_value = otherwise.map(|value| self.expression(value, names)).transpose()?;
        let text = || {
            let written = ExpressionKind::Case {
                operand: operand.cloned().map(Box::new),
                branches: branches.to_vec(),
                otherwise: otherwise.cloned().map(Box::new),
            };
            self.text(&Expression::new(written, origin.clone()), names)
        };
        condition::case(pairs, otherwise_value, self.context, origin, &text)
    }
}
