//! Each row once.

use datafusion::logical_expr::Distinct;

use crate::write::block::{Block, outputs};
use crate::write::{Refused, Result, Writer, column};

impl Writer<'_> {
    pub(super) fn distinct(self, distinct: &Distinct) -> Result<Block> {
        match distinct {
            Distinct::All(input) => {
                let list = outputs(column::all(input.schema()));
                Ok(Block::query(&format!("SELECT DISTINCT {list} FROM {}", self.gathered().from(input)?)))
            }
            // Which of the rows stays is the engine's own affair.
            Distinct::On(_) => Err(Refused::new("operator distinct on")),
        }
    }
}
