//! `df.hint(name, …)`: kept for whoever decides where the query runs; rows are the same.

use floe_base::Result;
use floe_syntax::relation::Hint;
use floe_syntax::{Expression, ExpressionKind, Literal, Relation};

use crate::resolver::{Env, Resolver};
use crate::rows::Rows;

impl Resolver<'_> {
    pub(crate) fn hint<'t>(
        &self,
        input: &'t Relation,
        name: &str,
        parameters: &[Expression],
        env: &Env<'t>,
    ) -> Result<Rows> {
        let hint = Hint { name: name.into(), parameters: parameters.to_vec() };
        self.hints.borrow_mut().push(hint.clone());
        self.laid_out(self.relation(input, env)?, &hint)
    }

    /// The rows under a hint: those about partitions are operators of Spark 4.1 (`ResolveCoalesceHints`).
    pub(crate) fn laid_out(&self, rows: Rows, hint: &Hint) -> Result<Rows> {
        match hint.name.to_ascii_uppercase().as_str() {
            "COALESCE" => self.repartitioned(rows, count(&hint.parameters)),
            "REPARTITION" | "REPARTITION_BY_RANGE" | "REBALANCE" => self.repartitioned(rows, None),
            _ => Ok(rows),
        }
    }
}

fn count(parameters: &[Expression]) -> Option<u32> {
    match &parameters.first()?.kind {
        ExpressionKind::Literal(Literal::Int(count)) => u32::try_from(*count).ok(),
        _ => None,
    }
}
