//! The rows of several inputs, column by column in their order.

use datafusion::logical_expr::Union;

use crate::write::block::{Block, outputs};
use crate::write::{Result, Writer, column};

impl Writer<'_> {
    pub(super) fn union(self, union: &Union) -> Result<Block> {
        let inputs = Writer { output: self.output.beside(), ..self };
        let names = column::all(&union.schema);
        let mut parts = Vec::with_capacity(union.inputs.len());
        for input in &union.inputs {
            let mut list = Vec::with_capacity(names.len());
            for ((from, to), field) in column::all(input.schema()).iter().zip(&names).zip(union.schema.fields()) {
                list.push(format!("CAST({from} AS {}) AS {to}", self.dialect.type_name(field.data_type())?));
            }
            parts.push(format!("SELECT {} FROM {}", outputs(list), inputs.from(input)?));
        }
        Ok(Block::query(&parts.join(" UNION ALL ")))
    }
}
