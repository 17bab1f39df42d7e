//! Computed columns, and the same columns under another table's name.

use datafusion::logical_expr::{Expr, Projection, SubqueryAlias};

use super::outputs;
use crate::write::{Result, Writer, column};

impl Writer<'_> {
    pub(super) fn projection(self, projection: &Projection) -> Result<String> {
        let input = projection.input.schema();
        let names = column::all(&projection.schema);
        let mut list = Vec::with_capacity(projection.expr.len());
        for ((expr, name), field) in projection.expr.iter().zip(names).zip(projection.schema.fields()) {
            list.push(match expr {
                Expr::Column(passed) if column::quoted(passed) == name => name,
                expr => format!("{} AS {name}", self.typed(expr, input, field.data_type())?),
            });
        }
        Ok(format!("SELECT {} FROM {}", outputs(list), self.from(&projection.input)?))
    }

    pub(super) fn alias(self, alias: &SubqueryAlias) -> Result<String> {
        let below = column::all(alias.input.schema());
        let list = below.into_iter().zip(column::all(&alias.schema)).map(|(from, to)| format!("{from} AS {to}"));
        Ok(format!("SELECT {} FROM {}", outputs(list.collect()), self.from(&alias.input)?))
    }
}
