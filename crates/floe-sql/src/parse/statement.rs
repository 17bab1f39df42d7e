//! Which statement it is: the first words decide, every family has its own file.

use floe_base::Result;
use floe_syntax::command::ExplainMode;
use floe_syntax::{Command, Statement};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    /// A whole statement with any number of semicolons behind it.
    pub(crate) fn single_statement(&mut self) -> Result<Statement> {
        let statement = self.statement()?;
        if self.eat(Kind::Semicolon) {
            while self.eat(Kind::Semicolon) {}
            if !self.is(Kind::End) {
                return Err(self.extra_input());
            }
        }
        Ok(statement)
    }

    pub(crate) fn statement(&mut self) -> Result<Statement> {
        let Kind::Keyword(keyword) = self.peek() else { return self.query_statement() };
        let command = match keyword {
            K::With => return self.with_statement(),
            K::From => return self.multiple_insert(),
            K::Explain => self.explain()?,
            K::Create => self.create()?,
            K::Replace => self.create_table()?,
            K::Drop => self.drop()?,
            K::Alter => self.alter()?,
            K::Insert => self.insert()?,
            K::Delete => self.delete()?,
            K::Update => self.update()?,
            K::Merge => self.merge()?,
            K::Truncate => self.truncate()?,
            K::Use => self.use_statement()?,
            K::Set => self.set()?,
            K::Reset => self.reset()?,
            K::Cache => self.cache()?,
            K::Uncache => self.uncache()?,
            K::Clear => self.clear_cache()?,
            K::Refresh => self.refresh()?,
            K::Analyze => self.analyze()?,
            K::Show => self.show()?,
            K::Desc | K::Describe => self.describe()?,
            K::Comment => self.comment_on()?,
            K::Call => self.call()?,
            K::Select | K::Values | K::Table | K::Map | K::Reduce => return self.query_statement(),
            _ => self.unsupported_statement()?,
        };
        Ok(Statement::Command(Box::new(command)))
    }

    fn query_statement(&mut self) -> Result<Statement> {
        self.query().map(Statement::Query)
    }

    /// `WITH … SELECT`, or WITH before a statement that changes data.
    fn with_statement(&mut self) -> Result<Statement> {
        let start = self.mark();
        let (with, recursive) = self.with_clause()?;
        let command = match self.keyword() {
            Some(K::Insert) => match self.insert()? {
                Command::Insert(mut insert) => {
                    insert.source = self.query_with(with, recursive, insert.source, start);
                    Command::Insert(insert)
                }
                other => other,
            },
            Some(K::Merge) => match self.merge()? {
                Command::Merge(mut merge) => {
                    merge.source = self.query_with(with, recursive, merge.source, start);
                    Command::Merge(merge)
                }
                other => other,
            },
            Some(word @ (K::Delete | K::Update)) => {
                if word == K::Delete {
                    self.delete()?
                } else {
                    self.update()?
                };
                Command::Unsupported { what: format!("WITH before {}", word.text()), origin: self.origin(start) }
            }
            _ => return self.query_under(with, recursive, start).map(Statement::Query),
        };
        Ok(Statement::Command(Box::new(command)))
    }

    /// `FROM t SELECT …`, or one FROM for several INSERTs.
    fn multiple_insert(&mut self) -> Result<Statement> {
        let start = self.mark();
        let query = self.query()?;
        if !self.is_keyword(K::Insert) {
            return Ok(Statement::Query(query));
        }
        let origin = self.origin(start);
        Err(floe_base::Error::unsupported("an INSERT of several tables from one FROM").at(&origin))
    }

    /// `EXPLAIN [EXTENDED | FORMATTED | COST | CODEGEN | ROUTE] statement`. ROUTE is ours.
    fn explain(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Explain)?;
        let mode = if self.is_word("route") && self.is_identifier_at(1) {
            self.advance();
            ExplainMode::Route
        } else {
            match self.eat_one_of(&[K::Logical, K::Formatted, K::Extended, K::Codegen, K::Cost]) {
                Some(K::Formatted) => ExplainMode::Formatted,
                Some(K::Extended) => ExplainMode::Extended,
                Some(K::Codegen) => ExplainMode::Codegen,
                Some(K::Cost) => ExplainMode::Cost,
                Some(_) => {
                    self.nested(Self::statement)?;
                    return Err(self.invalid_statement("EXPLAIN LOGICAL", from));
                }
                None => ExplainMode::Simple,
            }
        };
        let statement = Box::new(self.nested(Self::statement)?);
        Ok(Command::Explain { mode, statement })
    }

    fn create(&mut self) -> Result<Command> {
        let ahead = if self.is_phrase(&[K::Create, K::Or, K::Replace]) { 3 } else { 1 };
        match self.keyword_at(ahead) {
            Some(K::Namespace | K::Database | K::Schema) if ahead == 1 => self.create_schema(),
            Some(K::View) => self.create_view(),
            Some(K::Global | K::Temporary | K::Temp) if self.is_view_at(ahead) => self.create_view(),
            Some(K::Table | K::External) => self.create_table(),
            Some(K::Function) => self.create_function(),
            Some(K::Temporary | K::Temp) if self.is_keyword_at(ahead + 1, K::Function) => self.create_function(),
            Some(K::Temporary | K::Temp) if matches!(self.keyword_at(ahead + 1), Some(K::Table | K::External)) => {
                self.create_table()
            }
            _ => self.unsupported_statement(),
        }
    }

    fn is_view_at(&self, ahead: usize) -> bool {
        let global = usize::from(self.is_keyword_at(ahead, K::Global));
        matches!(self.keyword_at(ahead + global), Some(K::Temporary | K::Temp))
            && self.is_keyword_at(ahead + global + 1, K::View)
    }

    fn drop(&mut self) -> Result<Command> {
        match self.keyword_at(1) {
            Some(K::Namespace | K::Database | K::Schema) => self.drop_schema(),
            Some(K::Table) => self.drop_table(),
            Some(K::View) => self.drop_view(),
            Some(K::Temporary | K::Temp) if self.is_keyword_at(2, K::Variable) => self.drop_variable(),
            Some(K::Temporary | K::Temp) if self.is_keyword_at(2, K::Function) => self.drop_function(),
            Some(K::Function) => self.drop_function(),
            _ => self.unsupported_statement(),
        }
    }

    fn alter(&mut self) -> Result<Command> {
        match self.keyword_at(1) {
            Some(K::Namespace | K::Database | K::Schema) => self.alter_schema(),
            Some(K::Table) => self.alter_table(),
            Some(K::View) => self.alter_view(),
            _ => self.unsupported_statement(),
        }
    }

    /// `IF EXISTS`, if it stands here.
    pub(crate) fn if_exists(&mut self) -> bool {
        self.eat_phrase(&[K::If, K::Exists])
    }

    /// `IF NOT EXISTS`, if it stands here.
    pub(crate) fn if_not_exists(&mut self) -> bool {
        let found = self.is_keyword(K::If)
            && matches!(self.peek_at(1), Kind::Bang | Kind::Keyword(K::Not))
            && self.is_keyword_at(2, K::Exists);
        if found {
            self.advance();
            self.eat_not();
            self.advance();
        }
        found
    }
}
