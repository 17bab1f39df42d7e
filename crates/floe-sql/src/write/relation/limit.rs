//! The first rows, some left out.

use datafusion::logical_expr::{FetchType, Limit, SkipType};

use super::passed;
use crate::write::{Refused, Result, Writer};

impl Writer<'_> {
    pub(super) fn limit(self, limit: &Limit) -> Result<String> {
        let SkipType::Literal(skip) = limit.get_skip_type()? else { return Err(Refused::new("an OFFSET that varies")) };
        let FetchType::Literal(fetch) = limit.get_fetch_type()? else {
            return Err(Refused::new("a LIMIT that varies"));
        };
        let mut text = format!("SELECT {} FROM {}", passed(limit.input.schema()), self.from(&limit.input)?);
        if let Some(fetch) = fetch {
            text.push_str(&format!(" LIMIT {fetch}"));
        }
        if skip > 0 {
            text.push_str(&format!(" OFFSET {skip}"));
        }
        Ok(text)
    }
}
