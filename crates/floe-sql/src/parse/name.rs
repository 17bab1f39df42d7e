//! Names: identifiers, names of several parts, aliases, and which word may be one.
//!
//! Spark lets every keyword be a name (reserved words are off by default). A word that could also start the next clause
//! is a name only where that clause cannot follow: [`Parser::starts_clause`] looks one token ahead for it.

use floe_base::error::Kind as ErrorKind;
use floe_base::{Error, Result};
use floe_syntax::relation::TableName;

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    /// True where an identifier stands.
    pub(crate) fn is_identifier(&self) -> bool {
        self.is_identifier_at(0)
    }

    pub(crate) fn is_identifier_at(&self, ahead: usize) -> bool {
        matches!(self.peek_at(ahead), Kind::Word | Kind::Quoted | Kind::Keyword(_))
    }

    /// One identifier; `IDENTIFIER('a')` counts as one.
    pub(crate) fn identifier(&mut self) -> Result<String> {
        if self.is_constant_identifier() {
            let from = self.mark();
            let mut parts = self.constant_identifier()?;
            return match (parts.pop(), parts.is_empty()) {
                (Some(name), true) => Ok(name),
                _ => Err(self.error("IDENTIFIER_TOO_MANY_NAME_PARTS", from)),
            };
        }
        self.simple_identifier()
    }

    /// One identifier, where `IDENTIFIER('a')` has no meaning.
    pub(crate) fn simple_identifier(&mut self) -> Result<String> {
        let token = self.token();
        let text = self.slice(token);
        let name = match token.kind {
            Kind::Keyword(_) => text.to_string(),
            Kind::Quoted => text.get(1..text.len().saturating_sub(1)).unwrap_or("").replace("``", "`"),
            Kind::Word => {
                if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                    let error = Error::new(ErrorKind::Parse, "INVALID_IDENTIFIER").with("ident", text);
                    self.defer(error.at(&self.origin_here()));
                }
                text.to_string()
            }
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        Ok(name)
    }

    /// An identifier where no expression can follow: `test-table` is then a name without its back-ticks, and the error
    /// says so.
    pub(crate) fn name(&mut self) -> Result<String> {
        let from = self.mark();
        let name = self.identifier()?;
        if !self.is(Kind::Minus) || !self.is_identifier_at(1) {
            return Ok(name);
        }
        let place = self.mark();
        while self.is(Kind::Minus) && self.is_identifier_at(1) {
            self.advance();
            self.advance();
        }
        let error = self.error("INVALID_IDENTIFIER", place).with("ident", self.text_from(from));
        self.defer(error);
        Ok(name)
    }

    /// `a.b.c`.
    pub(crate) fn multipart(&mut self) -> Result<Vec<String>> {
        let mut parts = self.name_parts()?;
        while self.eat(Kind::Dot) {
            parts.extend(self.name_parts()?);
        }
        Ok(parts)
    }

    /// One identifier, or the parts that `IDENTIFIER('a.b')` stands for.
    fn name_parts(&mut self) -> Result<Vec<String>> {
        if self.is_constant_identifier() { self.constant_identifier() } else { Ok(vec![self.name()?]) }
    }

    /// `IDENTIFIER('literal')`.
    pub(crate) fn is_constant_identifier(&self) -> bool {
        self.is_keyword(K::Identifier)
            && self.peek_at(1) == Kind::LeftParen
            && matches!(self.peek_at(2), Kind::String | Kind::DoubleQuoted)
            && self.peek_at(3) == Kind::RightParen
    }

    pub(crate) fn constant_identifier(&mut self) -> Result<Vec<String>> {
        self.expect_keyword(K::Identifier)?;
        self.expect(Kind::LeftParen)?;
        let token = self.advance();
        let text = self.string_of(token);
        self.expect(Kind::RightParen)?;
        crate::parse_multipart_identifier(&text)
    }

    /// The name of a table, view, schema or function: parts, or `IDENTIFIER(<constant expression>)`.
    pub(crate) fn table_name(&mut self) -> Result<TableName> {
        let from = self.mark();
        if self.is_identifier_clause() {
            self.advance();
            self.expect(Kind::LeftParen)?;
            let text = self.expression()?;
            self.expect(Kind::RightParen)?;
            let identifier = Some(Box::new(text));
            return Ok(TableName { identifier, origin: self.origin(from), ..TableName::default() });
        }
        self.plain_table_name()
    }

    /// The name of a table in a statement that knows no `IDENTIFIER()`.
    pub(crate) fn plain_table_name(&mut self) -> Result<TableName> {
        let from = self.mark();
        let parts = self.plain_name()?;
        Ok(TableName { parts, origin: self.origin(from), ..TableName::default() })
    }

    /// `IDENTIFIER(<expression>)` whose text is not known before the expression is evaluated.
    pub(crate) fn is_identifier_clause(&self) -> bool {
        self.is_keyword(K::Identifier) && self.peek_at(1) == Kind::LeftParen && !self.is_constant_identifier()
    }

    /// A name that this tree can only hold as parts.
    pub(crate) fn plain_name(&mut self) -> Result<Vec<String>> {
        if self.is_identifier_clause() {
            return Err(Error::unsupported("IDENTIFIER() with an expression in this statement").at(&self.origin_here()));
        }
        self.multipart()
    }

    /// `(a, b)`.
    pub(crate) fn identifier_list(&mut self) -> Result<Vec<String>> {
        self.expect(Kind::LeftParen)?;
        let names = self.list(Self::name)?;
        self.close_list(names.len())?;
        Ok(names)
    }

    /// `AS? alias`, for a table.
    pub(crate) fn table_alias(&mut self) -> Result<Option<String>> {
        if self.is_keyword(K::As) && self.is_strict_at(1) && !self.is_alias_named_as() {
            self.advance();
            return self.identifier().map(Some);
        }
        if self.is_strict_at(0) && !self.starts_clause() {
            return self.identifier().map(Some);
        }
        Ok(None)
    }

    /// `AS` with nothing to name behind it is itself the alias.
    fn is_alias_named_as(&self) -> bool {
        self.peek_at(1) == Kind::Keyword(K::As)
    }

    /// A word that may be a table's alias.
    fn is_strict_at(&self, ahead: usize) -> bool {
        match self.peek_at(ahead) {
            Kind::Keyword(keyword) => !keyword.is_strict(),
            Kind::Word | Kind::Quoted => true,
            _ => false,
        }
    }

    /// True where a word can only be the start of the query's next clause, so that it is no alias.
    pub(crate) fn starts_clause(&self) -> bool {
        let Kind::Keyword(keyword) = self.peek() else { return false };
        let next = self.peek_at(1);
        match keyword {
            K::Group | K::Order | K::Sort | K::Cluster | K::Distribute | K::Partition => next == Kind::Keyword(K::By),
            K::Lateral => next == Kind::Keyword(K::View),
            K::Tablesample | K::Pivot => next == Kind::LeftParen,
            K::Unpivot => matches!(next, Kind::LeftParen | Kind::Keyword(K::Include | K::Exclude)),
            K::Insert => matches!(next, Kind::Keyword(K::Into | K::Overwrite)),
            K::Window => matches!(next, Kind::Word | Kind::Quoted | Kind::Keyword(_)) && self.is_keyword_at(2, K::As),
            K::Row => next == Kind::Keyword(K::Format),
            K::Recordwriter => matches!(next, Kind::String | Kind::DoubleQuoted),
            K::Watermark => self.is_identifier_at(1),
            K::With => matches!(next, Kind::Keyword(K::Rollup | K::Cube)),
            K::Grouping => next == Kind::Keyword(K::Sets),
            K::From => self.is_identifier_at(1) || next == Kind::LeftParen || !self.ends_item(next),
            // `t limit where a`: the next clause follows, so there is nothing to limit by.
            K::Limit | K::Offset if next == Kind::Keyword(K::Where) => self.ends_item(self.peek_at(2)),
            // `FROM t SELECT from`: the last word is the column.
            K::Select if next == Kind::Keyword(K::From) => self.ends_item(self.peek_at(2)),
            K::Where
            | K::Having
            | K::Limit
            | K::Offset
            | K::Union
            | K::Except
            | K::Intersect
            | K::Minus
            | K::Select
            | K::Set
            | K::For
            | K::On
            | K::Using => !self.ends_item(next),
            K::As => self.is_strict_at(1) || next == Kind::LeftParen,
            _ => false,
        }
    }

    /// A token behind which nothing of the clause is left.
    fn ends_item(&self, kind: Kind) -> bool {
        matches!(kind, Kind::End | Kind::Comma | Kind::RightParen | Kind::Semicolon | Kind::Keyword(K::From))
    }
}
