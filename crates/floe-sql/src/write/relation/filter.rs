//! Rows that meet a condition.

use datafusion::logical_expr::Filter;

use crate::write::block::Block;
use crate::write::{Result, Writer};

impl Writer<'_> {
    pub(super) fn filter(self, filter: &Filter) -> Result<Block> {
        let condition = self.expression(&filter.predicate, filter.input.schema())?;
        Ok(self.open(&filter.input)?.filtered(condition))
    }
}
