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
        self.hints.borrow_mut().push(Hint { name: name.into(), parameters: parameters.to_vec() });
        let rows = self.relation(input, env)?;
        // Hints about partitions are operators of Spark 4.1 (`ResolveCoalesceHints`).
        match name.to_ascii_uppercase().as_str() {
            "COALESCE" => self.repartitioned(rows, count(parameters)),
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
