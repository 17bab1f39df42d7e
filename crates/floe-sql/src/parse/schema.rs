//! CREATE, ALTER, DROP SCHEMA (database, namespace), and USE.

use floe_base::error::Kind as ErrorKind;
use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::Properties;

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

const SCHEMA: [K; 3] = [K::Namespace, K::Database, K::Schema];

impl Parser<'_> {
    pub(crate) fn create_schema(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Create)?;
        self.eat_one_of(&SCHEMA);
        let if_not_exists = self.if_not_exists();
        let name = self.plain_name()?;
        let mut comment = None;
        let mut location = None;
        let mut properties = Properties::new();
        let mut seen = Vec::new();
        loop {
            let clause = match self.keyword() {
                Some(K::Comment) => {
                    comment = self.comment_clause()?;
                    "COMMENT"
                }
                Some(K::Location) => {
                    self.advance();
                    location = Some(self.string()?);
                    "LOCATION"
                }
                Some(K::With) => {
                    self.advance();
                    if self.eat_one_of(&[K::Dbproperties, K::Properties]).is_none() {
                        return Err(self.syntax_error());
                    }
                    properties = self.properties()?;
                    "WITH PROPERTIES"
                }
                Some(K::Default) => {
                    self.expect_phrase(&[K::Default, K::Collation])?;
                    self.identifier()?;
                    self.defer(Error::new(ErrorKind::Parse, "UNSUPPORTED_FEATURE.SCHEMA_LEVEL_COLLATIONS"));
                    "DEFAULT COLLATION"
                }
                _ => break,
            };
            if seen.contains(&clause) {
                let error = self.error("DUPLICATE_CLAUSES", from).with("clauseName", clause);
                self.defer(error);
            }
            seen.push(clause);
        }
        Ok(Command::CreateSchema { name, if_not_exists, comment, location, properties })
    }

    pub(crate) fn drop_schema(&mut self) -> Result<Command> {
        self.expect_keyword(K::Drop)?;
        self.eat_one_of(&SCHEMA);
        let if_exists = self.if_exists();
        let name = self.plain_name()?;
        let cascade = self.eat_one_of(&[K::Restrict, K::Cascade]) == Some(K::Cascade);
        Ok(Command::DropSchema { name, if_exists, cascade })
    }

    pub(crate) fn alter_schema(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Alter)?;
        self.eat_one_of(&SCHEMA);
        let name = self.plain_name()?;
        if self.is_keyword(K::Set) && matches!(self.keyword_at(1), Some(K::Dbproperties | K::Properties)) {
            self.advance();
            self.advance();
            let properties = self.properties()?;
            return Ok(Command::AlterSchema { name, properties });
        }
        let what = if self.eat_phrase(&[K::Set, K::Location]) {
            self.string()?;
            "ALTER SCHEMA … SET LOCATION"
        } else if self.eat_keyword(K::Unset) {
            if self.eat_one_of(&[K::Dbproperties, K::Properties]).is_none() {
                return Err(self.syntax_error());
            }
            self.property_list()?;
            "ALTER SCHEMA … UNSET PROPERTIES"
        } else if self.eat_phrase(&[K::Default, K::Collation]) {
            self.identifier()?;
            "ALTER SCHEMA … DEFAULT COLLATION"
        } else {
            self.eat_keyword(K::Set);
            return Err(self.syntax_error());
        };
        Ok(Command::Unsupported { what: format!("statement {what}"), origin: self.origin(from) })
    }

    /// `USE [SCHEMA] name`.
    pub(crate) fn use_statement(&mut self) -> Result<Command> {
        self.expect_keyword(K::Use)?;
        if self.keyword().is_some_and(|word| SCHEMA.contains(&word)) && self.is_identifier_at(1) {
            self.advance();
        }
        Ok(Command::Use { name: self.plain_name()?, is_catalog: false })
    }

    /// `CATALOG name` behind SET.
    pub(crate) fn set_catalog(&mut self, from: Mark) -> Result<Command> {
        self.expect_keyword(K::Catalog)?;
        let name = if self.is_string() { self.string()? } else { self.name()? };
        if !matches!(self.peek(), Kind::End | Kind::Semicolon) {
            // What is no catalog's name could still have been a setting, and is none.
            return Err(self.error("INVALID_SET_SYNTAX", from));
        }
        Ok(Command::Use { name: vec![name], is_catalog: true })
    }
}
