//! CASE: the branches are evaluated for their own rows only, in every engine.

use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::Case;

use crate::write::{Result, Writer};

impl Writer<'_> {
    pub(super) fn case(self, case: &Case, input: &DFSchema) -> Result<String> {
        let mut text = String::from("CASE");
        if let Some(value) = &case.expr {
            text.push_str(&format!(" {}", self.expression(value, input)?));
        }
        for (when, then) in &case.when_then_expr {
            text.push_str(&format!(" WHEN {} THEN {}", self.expression(when, input)?, self.expression(then, input)?));
        }
        if let Some(otherwise) = &case.else_expr {
            text.push_str(&format!(" ELSE {}", self.expression(otherwise, input)?));
        }
        text.push_str(" END");
        Ok(format!("({text})"))
    }
}
