//! The first rows, some left out.

use datafusion::logical_expr::{FetchType, Limit, SkipType};

use crate::write::block::Block;
use crate::write::{Refused, Result, Writer};

impl Writer<'_> {
    pub(super) fn limit(self, limit: &Limit) -> Result<Block> {
        let SkipType::Literal(skip) = limit.get_skip_type()? else { return Err(Refused::new("an OFFSET that varies")) };
        let FetchType::Literal(fetch) = limit.get_fetch_type()? else {
            return Err(Refused::new("a LIMIT that varies"));
        };
        let mut tail = String::new();
        if let Some(fetch) = fetch {
            tail.push_str(&format!(" LIMIT {fetch}"));
        }
        if skip > 0 {
            tail.push_str(&format!(" OFFSET {skip}"));
        }
        Ok(self.block(&limit.input)?.limited(&tail, || self.columns(limit.input.schema())))
    }
}
