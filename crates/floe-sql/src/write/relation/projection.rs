//! Computed columns, and the same columns under another table's name.

use datafusion::logical_expr::{Expr, Projection, SubqueryAlias};

use crate::write::block::Block;
use crate::write::{Result, Writer, column};

impl Writer<'_> {
    pub(super) fn projection(self, projection: &Projection) -> Result<Block> {
        let input = projection.input.schema();
        let names = column::all(&projection.schema);
        let passes = |(expr, name): (&Expr, &String)| matches!(expr, Expr::Column(one) if column::quoted(one) == *name);
        let block = self.open(&projection.input)?;
        if !names.is_empty() && projection.expr.iter().zip(&names).all(passes) {
            return Ok(block);
        }
        let mut list = Vec::with_capacity(projection.expr.len());
        for index in self.needed_of(&projection.schema) {
            let (expr, name) = (&projection.expr[index], &names[index]);
            list.push(match passes((expr, name)) {
                true => name.clone(),
                false => format!("{} AS {name}", self.typed(expr, input, projection.schema.field(index).data_type())?),
            });
        }
        Ok(block.with_outputs(list))
    }

    pub(super) fn alias(self, alias: &SubqueryAlias) -> Result<Block> {
        let below = column::all(alias.input.schema());
        let names = column::all(&alias.schema);
        let list = self.needed_of(&alias.schema).map(|index| format!("{} AS {}", below[index], names[index]));
        Ok(self.open(&alias.input)?.with_outputs(list.collect()))
    }
}
