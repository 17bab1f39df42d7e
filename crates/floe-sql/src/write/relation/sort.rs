//! Rows in an order. NULL has its place written out: engines differ.

use datafusion::common::DFSchema;
use datafusion::logical_expr::{Sort, SortExpr};

use crate::write::block::Block;
use crate::write::{Result, Writer};

impl Writer<'_> {
    pub(super) fn sort(self, sort: &Sort) -> Result<Block> {
        let schema = sort.input.schema();
        let orders = self.orders(&sort.expr, schema)?;
        let tail = format!(" ORDER BY {orders}");
        let sorted = Block::over(self.gathered().from(&sort.input)?).sorted(tail);
        Ok(match sort.fetch {
            Some(fetch) => sorted.limited(&format!(" LIMIT {fetch}"), || self.columns(schema)),
            None => sorted,
        })
    }

    /// `a ASC NULLS FIRST, …`
    pub(super) fn orders(self, orders: &[SortExpr], schema: &DFSchema) -> Result<String> {
        let mut list = Vec::with_capacity(orders.len());
        for order in orders {
            let data_type = datafusion::logical_expr::ExprSchemable::get_type(&order.expr, schema)?;
            let direction = if order.asc { "ASC" } else { "DESC" };
            let nulls = if order.nulls_first { "FIRST" } else { "LAST" };
            // With its type: a bare number would be read as the place of an output.
            list.push(format!("{} {direction} NULLS {nulls}", self.typed(&order.expr, schema, &data_type)?));
        }
        Ok(list.join(", "))
    }
}
