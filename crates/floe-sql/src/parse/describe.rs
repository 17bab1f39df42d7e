//! DESCRIBE of tables, queries, schemas, functions and catalogs.

use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::Describe;

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn describe(&mut self) -> Result<Command> {
        let from = self.mark();
        self.advance();
        let named = self.is_identifier_at(1);
        let describe = match self.keyword() {
            Some(K::Function) if named || !matches!(self.peek_at(1), Kind::End | Kind::Semicolon | Kind::Dot) => {
                self.advance();
                self.describe_function()?
            }
            Some(K::Namespace | K::Database | K::Schema) if named => {
                self.advance();
                let extended = self.eat_extended();
                Describe::Schema { name: self.plain_name()?, extended }
            }
            Some(K::Catalog) if named => {
                self.advance();
                self.eat_keyword(K::Extended);
                Describe::Catalog { name: self.name()? }
            }
            Some(K::Procedure) if named => return self.unsupported_rest("DESCRIBE PROCEDURE", from),
            Some(K::Query) if named => {
                self.advance();
                Describe::Query { query: self.query()? }
            }
            _ if self.starts_described_query() => Describe::Query { query: self.query()? },
            _ => self.describe_table(from)?,
        };
        Ok(Command::Describe(describe))
    }

    /// `TABLE t` is a query as well, but DESCRIBE TABLE t describes the table.
    fn starts_described_query(&self) -> bool {
        self.is(Kind::LeftParen) || (self.starts_query() && !self.is_keyword(K::Table))
    }

    fn eat_extended(&mut self) -> bool {
        let found = self.is_keyword(K::Extended) && self.is_identifier_at(1);
        if found {
            self.advance();
        }
        found
    }

    /// A function's name may be an operator: `DESCRIBE FUNCTION <=>`.
    fn describe_function(&mut self) -> Result<Describe> {
        let operator = !matches!(self.peek_at(1), Kind::End | Kind::Semicolon | Kind::Dot);
        let extended = self.is_keyword(K::Extended) && operator;
        if extended {
            self.advance();
        }
        if self.is_string() {
            return Ok(Describe::Function { name: vec![self.string()?], extended });
        }
        if self.is_identifier() {
            return Ok(Describe::Function { name: self.plain_name()?, extended });
        }
        let token = self.token();
        if matches!(token.kind, Kind::End | Kind::Semicolon) {
            return Err(self.syntax_error());
        }
        self.advance();
        Ok(Describe::Function { name: vec![self.slice(token).to_string()], extended })
    }

    /// `[TABLE] [EXTENDED | FORMATTED] t [PARTITION (…)] [column] [AS JSON]`.
    fn describe_table(&mut self, from: Mark) -> Result<Describe> {
        if self.is_keyword(K::Table) && self.is_identifier_at(1) {
            self.advance();
        }
        let extended = matches!(self.keyword(), Some(K::Extended | K::Formatted)) && self.is_identifier_at(1);
        if extended {
            self.advance();
        }
        let table = self.table_name()?;
        let partition = self.is_keyword(K::Partition) && self.peek_at(1) == Kind::LeftParen;
        if partition {
            self.partition_spec()?;
        }
        let mut column = None;
        if self.is_identifier() && !self.is_phrase(&[K::As, K::Json]) {
            column = Some(self.multipart()?);
        }
        let as_json = self.eat_phrase(&[K::As, K::Json]);
        if column.is_some() && partition {
            return Err(self.error("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_PARTITION", from));
        }
        if column.is_some() && as_json {
            return Err(Error::analysis("UNSUPPORTED_FEATURE.DESC_TABLE_COLUMN_JSON"));
        }
        if as_json && !extended {
            return Err(Error::analysis("DESCRIBE_JSON_NOT_EXTENDED").with("tableName", table.parts.join(".")));
        }
        if partition {
            return Err(Error::unsupported("DESCRIBE of one partition").at(&self.origin(from)));
        }
        Ok(Describe::Table { table, extended, as_json, column, partition })
    }
}
