//! Rows written down, and none.

use datafusion::logical_expr::{EmptyRelation, Values};

use crate::write::block::{Block, outputs};
use crate::write::{Result, Writer, column};

impl Writer<'_> {
    pub(super) fn values(self, values: &Values) -> Result<Block> {
        let names = column::all(&values.schema);
        let mut rows = Vec::with_capacity(values.values.len());
        for row in &values.values {
            let mut cells = Vec::with_capacity(row.len());
            for (cell, field) in row.iter().zip(values.schema.fields()) {
                cells.push(self.typed(cell, &values.schema, field.data_type())?);
            }
            rows.push(format!("({})", cells.join(", ")));
        }
        Ok(Block::over(format!("(VALUES {}) AS \"rows\"({})", rows.join(", "), names.join(", "))))
    }

    pub(super) fn empty(self, empty: &EmptyRelation) -> Result<Block> {
        if empty.produce_one_row && empty.schema.fields().is_empty() {
            return Ok(Block::one_row());
        }
        let mut list = Vec::with_capacity(empty.schema.fields().len());
        for (name, field) in column::all(&empty.schema).into_iter().zip(empty.schema.fields()) {
            list.push(format!("CAST(NULL AS {}) AS {name}", self.dialect.type_name(field.data_type())?));
        }
        let rows = if empty.produce_one_row { "" } else { " WHERE FALSE" };
        Ok(Block::query(&format!("SELECT {}{rows}", outputs(list))))
    }
}
