//! Tables, which the dialect knows how to reach.

use datafusion::logical_expr::TableScan;

use crate::write::block::Block;
use crate::write::{Refused, Result, Writer, column};

impl Writer<'_> {
    pub(super) fn scan(self, scan: &TableScan) -> Result<Block> {
        // The resolver scans whole tables; what is pushed into a scan is an optimiser's work, which has not begun.
        if !scan.filters.is_empty() || scan.fetch.is_some() || scan.projection.is_some() {
            return Err(Refused::new("a scan that is optimised already"));
        }
        let names = column::all(&scan.projected_schema);
        let needed: Vec<(usize, String)> =
            self.needed_of(&scan.projected_schema).map(|index| (index, names[index].clone())).collect();
        Ok(Block::query(&self.dialect.scan(scan, &needed)?))
    }
}
