//! Rows that meet a condition.

use datafusion::logical_expr::Filter;

use super::passed;
use crate::write::{Result, Writer};

impl Writer<'_> {
    pub(super) fn filter(self, filter: &Filter) -> Result<String> {
        let schema = filter.input.schema();
        let condition = self.expression(&filter.predicate, schema)?;
        Ok(format!("SELECT {} FROM {} WHERE {condition}", passed(schema), self.from(&filter.input)?))
    }
}
