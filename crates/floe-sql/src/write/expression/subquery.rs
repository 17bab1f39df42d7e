//! Queries inside expressions. They reach columns around them by id, which no column of their own has.

use datafusion::common::DFSchema;
use datafusion::logical_expr::Subquery;
use datafusion::logical_expr::expr::{Exists, InSubquery};

use super::not;
use crate::write::{Result, Writer};

impl Writer<'_> {
    pub(super) fn scalar_subquery(self, subquery: &Subquery) -> Result<String> {
        Ok(format!("({})", self.relation(&subquery.subquery)?))
    }

    pub(super) fn exists(self, exists: &Exists) -> Result<String> {
        Ok(format!("({}EXISTS ({}))", not(exists.negated), self.relation(&exists.subquery.subquery)?))
    }

    pub(super) fn in_subquery(self, list: &InSubquery, input: &DFSchema) -> Result<String> {
        let value = self.expression(&list.expr, input)?;
        Ok(format!("({value} {}IN ({}))", not(list.negated), self.relation(&list.subquery.subquery)?))
    }
}
