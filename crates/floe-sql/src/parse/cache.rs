//! CACHE TABLE, UNCACHE TABLE, CLEAR CACHE.

use floe_base::Result;
use floe_syntax::Command;
use floe_syntax::command::Properties;

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    /// `CACHE [LAZY] TABLE t [OPTIONS (…)] [[AS] query]`.
    pub(crate) fn cache(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Cache)?;
        let lazy = self.eat_keyword(K::Lazy);
        self.expect_keyword(K::Table)?;
        let name = self.table_name()?;
        let options = if self.eat_keyword(K::Options) { self.properties()? } else { Properties::new() };
        let explicit = self.eat_keyword(K::As);
        let query = if explicit || self.starts_query() || self.is(Kind::LeftParen) {
            let start = self.mark();
            let query = self.query()?;
            Some((query, self.text_from(start).to_string()))
        } else {
            None
        };
        if query.is_some() && name.parts.len() > 1 {
            let prefix = name.parts.get(..name.parts.len() - 1).unwrap_or_default().join(".");
            let text = format!(
                "It is not allowed to add catalog/namespace prefix {prefix} to the table name in CACHE TABLE AS SELECT."
            );
            let error = self.refused(text, from);
            self.defer(error);
        }
        Ok(Command::Cache { name, lazy, query, options })
    }

    pub(crate) fn uncache(&mut self) -> Result<Command> {
        self.expect_keyword(K::Uncache)?;
        self.expect_before_name(K::Table)?;
        let if_exists = self.if_exists();
        Ok(Command::Uncache { name: self.table_name()?, if_exists })
    }

    pub(crate) fn clear_cache(&mut self) -> Result<Command> {
        self.expect_phrase(&[K::Clear, K::Cache])?;
        Ok(Command::ClearCache)
    }
}
