//! DROP TABLE, TRUNCATE, ANALYZE, REFRESH, REPAIR, COMMENT ON, CALL: short statements about one object.

use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::ObjectKind;

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn drop_table(&mut self) -> Result<Command> {
        self.expect_phrase(&[K::Drop, K::Table])?;
        let if_exists = self.if_exists();
        let table = self.table_name()?;
        let purge = self.eat_keyword(K::Purge);
        Ok(Command::DropTable { table, if_exists, purge })
    }

    pub(crate) fn truncate(&mut self) -> Result<Command> {
        self.expect_keyword(K::Truncate)?;
        self.expect_before_name(K::Table)?;
        let table = self.table_name()?;
        if self.is_keyword(K::Partition) {
            return Err(Error::unsupported("TRUNCATE TABLE of one partition").at(&self.origin_here()));
        }
        Ok(Command::Truncate { table })
    }

    pub(crate) fn analyze(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Analyze)?;
        if self.is_keyword(K::Tables) {
            return self.unsupported_rest("ANALYZE TABLES", from);
        }
        self.expect_keyword(K::Table)?;
        let name = self.table_name()?;
        if self.is_keyword(K::Partition) {
            self.partition_spec()?;
        }
        self.expect_phrase(&[K::Compute, K::Statistics])?;
        if self.eat_phrase(&[K::For, K::All, K::Columns]) {
            return Ok(Command::Analyze { name });
        }
        if self.eat_phrase(&[K::For, K::Columns]) {
            self.list(Self::name)?;
            return Ok(Command::Analyze { name });
        }
        if self.is_identifier() {
            let place = self.mark();
            let word = self.simple_identifier()?;
            if !word.eq_ignore_ascii_case("noscan") {
                let error = self.error("INVALID_SQL_SYNTAX.ANALYZE_TABLE_UNEXPECTED_NOSCAN", place);
                self.defer(error.with("ctx", word.to_uppercase()));
            }
        }
        Ok(Command::Analyze { name })
    }

    /// `[MSCK] REPAIR TABLE t [ADD | DROP | SYNC PARTITIONS]`.
    pub(crate) fn repair_table(&mut self) -> Result<Command> {
        self.eat_keyword(K::Msck);
        self.expect_phrase(&[K::Repair, K::Table])?;
        let table = self.table_name()?;
        let how = self.eat_one_of(&[K::Add, K::Drop, K::Sync]);
        if how.is_some() {
            self.expect_keyword(K::Partitions)?;
        }
        Ok(Command::RepairTable {
            table,
            add: how != Some(K::Drop),
            drop: matches!(how, Some(K::Drop | K::Sync)),
            is_alter: false,
        })
    }

    /// `REFRESH TABLE t`, `REFRESH '<path>'`; of functions by name only.
    pub(crate) fn refresh(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Refresh)?;
        if self.is_keyword(K::Table) && self.is_identifier_at(1) {
            self.advance();
            return Ok(Command::Refresh { name: self.table_name()? });
        }
        if matches!(self.peek(), Kind::End | Kind::Semicolon) {
            let text = "Resource paths cannot be empty in REFRESH statements. Use / to match everything.";
            return Err(self.refused(text, from));
        }
        if self.is_keyword(K::Function) {
            return self.unsupported_rest("REFRESH FUNCTION", from);
        }
        if self.is_string() {
            return Ok(Command::RefreshPath { path: self.string()? });
        }
        // A path without quotes is whatever stands there (Spark 4.1 `visitRefreshResource`).
        let start = self.mark();
        self.skip_statement();
        let path = self.text_from(start).to_string();
        if path.contains(char::is_whitespace) {
            let text = "REFRESH statements cannot contain ' ', '\\n', '\\r', '\\t' inside unquoted resource paths";
            return Err(self.refused(text, from));
        }
        Ok(Command::RefreshPath { path })
    }

    /// `COMMENT ON (SCHEMA | TABLE) name IS ('…' | NULL)`; of columns and views as Iceberg's clients write it.
    pub(crate) fn comment_on(&mut self) -> Result<Command> {
        self.expect_phrase(&[K::Comment, K::On])?;
        let kind = match self.eat_one_of(&[K::Namespace, K::Database, K::Schema, K::Table]) {
            Some(K::Table) => ObjectKind::Table,
            Some(_) => ObjectKind::Schema,
            None => return Err(self.syntax_error()),
        };
        let name = self.plain_table_name()?;
        self.expect_keyword(K::Is)?;
        let comment = if self.eat_keyword(K::Null) { None } else { Some(self.string()?) };
        Ok(Command::CommentOn { kind, name, comment })
    }

    /// `CALL catalog.system.procedure(a => 1)`.
    pub(crate) fn call(&mut self) -> Result<Command> {
        self.expect_keyword(K::Call)?;
        let name = self.plain_name()?;
        self.expect(Kind::LeftParen)?;
        let arguments = if self.is(Kind::RightParen) { Vec::new() } else { self.list(Self::argument)? };
        self.close_list(arguments.len())?;
        Ok(Command::Call { name, arguments })
    }
}
