//! `CASE`, with and without an operand, and the casts that are written as calls.

use floe_base::Result;
use floe_syntax::expression::CastMode;
use floe_syntax::{Expression, ExpressionKind};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    /// Where it is no whole CASE, the word is a name, and Spark's errors point behind that.
    pub(crate) fn case_or_name(&mut self) -> Result<Expression> {
        let from = self.mark();
        match self.case() {
            Err(error) if Self::is_syntax_error(&error) => {
                self.rewind(from);
                let name = self.identifier()?;
                Ok(Expression::column(vec![name], self.origin(from)))
            }
            found => found,
        }
    }

    fn case(&mut self) -> Result<Expression> {
        let from = self.mark();
        self.expect_keyword(K::Case)?;
        let operand = if self.is_keyword(K::When) { None } else { Some(Box::new(self.expression()?)) };
        let mut branches = Vec::new();
        self.expect_keyword(K::When)?;
        loop {
            let condition = self.expression()?;
            self.expect_keyword(K::Then)?;
            branches.push((condition, self.expression()?));
            if !self.eat_keyword(K::When) {
                break;
            }
        }
        let otherwise = if self.eat_keyword(K::Else) { Some(Box::new(self.expression()?)) } else { None };
        self.expect_keyword(K::End)?;
        Ok(Expression::new(ExpressionKind::Case { operand, branches, otherwise }, self.origin(from)))
    }

    /// `CAST(e AS t)`, `TRY_CAST(e AS t)`.
    pub(crate) fn cast(&mut self) -> Result<Expression> {
        let from = self.mark();
        let mode = if self.eat_keyword(K::TryCast) { CastMode::Try } else { CastMode::Session };
        self.eat_keyword(K::Cast);
        self.expect(Kind::LeftParen)?;
        let child = Box::new(self.expression()?);
        if !self.is_keyword(K::As) {
            return Err(self.extra_input());
        }
        self.advance();
        let to = self.data_type()?;
        self.expect(Kind::RightParen)?;
        Ok(Expression::new(ExpressionKind::Cast { child, to, mode }, self.origin(from)))
    }
}
