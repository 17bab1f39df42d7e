//! Table functions in FROM: `range(10)`, `explode(a)`, `f(x => 1, t => TABLE(s) PARTITION BY a)`.

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_syntax::expression::{Argument, Call};
use floe_syntax::{Expression, ExpressionKind, Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// The name is read; the cursor is at the parenthesis.
    pub(crate) fn table_function(&mut self, name: Vec<String>, from: Mark) -> Result<Relation> {
        if name.len() > 1 {
            let error = self.error("INVALID_SQL_SYNTAX.INVALID_TABLE_VALUED_FUNC_NAME", from);
            self.defer(error.with("funcName", quoted(&name)));
        }
        self.expect(Kind::LeftParen)?;
        let arguments = if self.is(Kind::RightParen) { Vec::new() } else { self.list(Self::table_function_argument)? };
        self.expect(Kind::RightParen)?;
        let call = Call { name: name.clone(), arguments, ..Call::new("", Vec::new()) };
        let call = Expression::new(ExpressionKind::Call(Box::new(call)), self.origin(from));
        let kind = RelationKind::TableFunction { name, call, with_ordinality: false };
        let function = Relation::new(kind, self.origin(from));
        self.aliased_relation(function, from)
    }

    fn table_function_argument(&mut self) -> Result<Argument> {
        let named = self.is_identifier() && self.peek_at(1) == Kind::FatArrow;
        let ahead = if named { 2 } else { 0 };
        let is_table = self.is_keyword_at(ahead, K::Table)
            && (self.peek_at(ahead + 1) == Kind::LeftParen || self.is_identifier_at(ahead + 1));
        if !is_table {
            return self.argument();
        }
        let name = if named {
            let name = self.identifier()?;
            self.expect(Kind::FatArrow)?;
            Some(name)
        } else {
            None
        };
        Ok(Argument { name, value: self.table_argument()? })
    }

    /// `TABLE (query)`, `TABLE (name)` or `TABLE name`: only functions of Python take one, and how their rows are
    /// partitioned is theirs to know.
    fn table_argument(&mut self) -> Result<Expression> {
        let from = self.mark();
        self.expect_keyword(K::Table)?;
        if self.eat(Kind::LeftParen) {
            if self.starts_query() || self.is(Kind::LeftParen) {
                self.query()?;
            } else {
                self.table_name()?;
            }
            self.expect(Kind::RightParen)?;
        } else {
            let name = self.table_name()?;
            let condition = "INVALID_SQL_SYNTAX.INVALID_TABLE_FUNCTION_IDENTIFIER_ARGUMENT_MISSING_PARENTHESES";
            return Err(self.error(condition, from).with("argumentName", quoted(&name.parts)));
        }
        Err(Error::unsupported("a TABLE argument of a table function").at(&self.origin(from)))
    }
}
