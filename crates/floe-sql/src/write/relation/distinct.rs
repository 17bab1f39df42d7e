//! Each row once.

use datafusion::logical_expr::Distinct;

use super::passed;
use crate::write::{Refused, Result, Writer};

impl Writer<'_> {
    pub(super) fn distinct(self, distinct: &Distinct) -> Result<String> {
        match distinct {
            Distinct::All(input) => {
                Ok(format!("SELECT DISTINCT {} FROM {}", passed(input.schema()), self.from(input)?))
            }
            // Which of the rows stays is the engine's own affair.
            Distinct::On(_) => Err(Refused::new("operator distinct on")),
        }
    }
}
