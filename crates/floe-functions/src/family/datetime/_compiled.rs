//! The pattern argument of a kernel: compiled once where it is a constant, and kept while rows repeat it.

use arrow::array::StringArray;
use floe_base::Result;

use super::_pattern::Pattern;
use crate::Arguments;
use crate::rows::Column;

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
