//! One row for each element of a list.

use datafusion::logical_expr::Unnest;

use crate::write::block::Block;
use crate::write::{Refused, Result, Writer, column};

impl Writer<'_> {
    /// Rows whose list is NULL or empty give none; so it is with `unnest` in a list of outputs. Where they shall be kept,
    /// the list has a NULL in it for them.
    pub(super) fn unnest(self, unnest: &Unnest) -> Result<Block> {
        let [(index, list)] = unnest.list_type_columns.as_slice() else {
            return Err(Refused::new("operator generate over several lists"));
        };
        if list.depth != 1 || !unnest.struct_type_columns.is_empty() {
            return Err(Refused::new("operator generate of an unknown form"));
        }
        let input = column::all(unnest.input.schema());
        let names = column::all(&unnest.schema);
        let mut outputs = Vec::with_capacity(names.len());
        for (name, depends_on) in names.into_iter().zip(&unnest.dependency_indices) {
            let from = input.get(*depends_on).ok_or_else(|| Refused::new("operator generate of an unknown form"))?;
            outputs.push(match depends_on == index {
                true if unnest.options.preserve_nulls => {
                    format!("unnest(CASE WHEN coalesce(len({from}), 0) = 0 THEN [NULL] ELSE {from} END) AS {name}")
                }
                true => format!("unnest({from}) AS {name}"),
                false if *from == name => name,
                false => format!("{from} AS {name}"),
            });
        }
        let text = Block::over(self.from(&unnest.input)?).with_outputs(outputs).text(Vec::new);
        Ok(Block::query(&text))
    }
}
