//! The pattern argument of a kernel: compiled once where it is a constant, and kept while rows repeat it.

use arrow::array::StringArray;
use floe_base::{Error, Result};

use super::_pattern::Pattern;
use crate::rows::Column;
use crate::{Arguments, Call};

/// Only the formatter of Spark 3 and later is here; a session that asks for the older one is told so.
pub(crate) fn check_policy(call: &Call<'_>) -> Result<()> {
    const KEY: &str = "spark.sql.legacy.timeParserPolicy";
    let policy = call.context.conf(KEY, "CORRECTED");
    if policy.eq_ignore_ascii_case("CORRECTED") {
        return Ok(());
    }
    Err(Error::unsupported(format!("`{}` under {KEY}={policy}", call.name)).at(call.origin))
}

pub(crate) struct Patterns {
    texts: Column<StringArray>,
    parsing: bool,
    last: Option<(String, Pattern)>,
}

impl Patterns {
    pub(crate) fn of(arguments: &Arguments<'_>, index: usize, parsing: bool) -> Result<Self> {
        Ok(Self { texts: Column::of(arguments, index)?, parsing, last: None })
    }

    /// The pattern of a row; `None` for NULL.
    pub(crate) fn at(&mut self, row: usize) -> Result<Option<&Pattern>> {
        let Some(text) = self.texts.at(row) else { return Ok(None) };
        if self.last.as_ref().is_none_or(|(known, _)| known != text) {
            self.last = Some((text.into(), Pattern::compile(text, self.parsing)?));
        }
        Ok(self.last.as_ref().map(|(_, pattern)| pattern))
    }
}
