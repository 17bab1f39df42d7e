//! Rows that meet a condition.

use datafusion::logical_expr::Filter;

use crate::write::block::Block;
use crate::write::{Result, Writer};

impl Writer<'_> {
    pub(super) fn filter(self, filter: &Filter) -> Result<Block> {
        let loose = self.dialect.loosened(filter).filter(|_| self.may_raise());
        let predicate = loose.as_ref().unwrap_or(&filter.predicate);
        let condition = self.expression(predicate, filter.input.schema())?;
        Ok(self.open(&filter.input)?.filtered(condition))
    }
}
