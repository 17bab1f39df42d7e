//! Variables of the session, and statements in texts: DECLARE, SET VARIABLE, DROP TEMPORARY VARIABLE, EXECUTE IMMEDIATE.

use floe_base::Result;
use floe_syntax::{Command, Expression, ExpressionKind, Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    /// `DECLARE [OR REPLACE] [VARIABLE] a, b [type] [(DEFAULT | =) value]`.
    pub(crate) fn declare_variable(&mut self) -> Result<Command> {
        self.expect_keyword(K::Declare)?;
        let or_replace = self.eat_phrase(&[K::Or, K::Replace]);
        if matches!(self.keyword(), Some(K::Variable | K::Var)) && self.is_identifier_at(1) {
            self.advance();
        }
        let place = self.mark();
        let names = self.list(Self::multipart)?;
        if matches!(self.peek(), Kind::End | Kind::Semicolon) {
            return Err(self.error("INVALID_SQL_SYNTAX.VARIABLE_TYPE_OR_DEFAULT_REQUIRED", place));
        }
        let has_type = !self.is_keyword(K::Default) && !self.is(Kind::Equal);
        let data_type = if has_type { Some(self.data_type()?) } else { None };
        let has_default = self.eat_keyword(K::Default) || self.eat(Kind::Equal);
        let default = if has_default { Some(self.expression()?) } else { None };
        Ok(Command::DeclareVariable { names, or_replace, data_type, default })
    }

    /// Behind SET: `VARIABLE a = 1, b = 2`, `VARIABLE (a, b) = (SELECT …)`.
    pub(crate) fn set_variable(&mut self) -> Result<Command> {
        self.advance();
        let from = self.mark();
        if self.is(Kind::LeftParen) {
            let names = self.parenthesised_list(Self::multipart)?;
            self.expect(Kind::Equal)?;
            self.expect(Kind::LeftParen)?;
            let source = self.query()?;
            self.expect(Kind::RightParen)?;
            return Ok(Command::SetVariable { names, source });
        }
        let assignments = self.list(|parser| {
            let name = parser.multipart()?;
            parser.expect(Kind::Equal)?;
            let ends = matches!(parser.peek_at(1), Kind::Comma | Kind::Semicolon | Kind::End);
            if parser.is_keyword(K::Default) && ends {
                let origin = parser.origin_here();
                parser.advance();
                return Ok((name, Expression::new(ExpressionKind::Default, origin)));
            }
            Ok((name, parser.expression()?))
        })?;
        let (names, expressions): (Vec<_>, Vec<Expression>) = assignments.into_iter().unzip();
        let origin = self.origin(from);
        let input = Relation::new(RelationKind::OneRow, origin.clone());
        let source = Relation::new(RelationKind::Project { input, expressions }, origin);
        Ok(Command::SetVariable { names, source })
    }

    /// `DROP TEMPORARY VARIABLE [IF EXISTS] a`.
    pub(crate) fn drop_variable(&mut self) -> Result<Command> {
        for _ in 0..3 {
            self.advance();
        }
        let if_exists = self.if_exists();
        Ok(Command::DropVariable { name: self.multipart()?, if_exists })
    }

    /// `EXECUTE IMMEDIATE text [INTO a, b] [USING value [AS name], …]`.
    pub(crate) fn execute_immediate(&mut self) -> Result<Command> {
        self.expect_phrase(&[K::Execute, K::Immediate])?;
        let text = self.expression()?;
        let into = if self.eat_keyword(K::Into) { self.list(Self::multipart)? } else { Vec::new() };
        let argument = |parser: &mut Self| {
            let value = parser.expression()?;
            let is_named = parser.eat_keyword(K::As) || parser.is_identifier();
            let name = if is_named { Some(parser.identifier()?) } else { None };
            Ok((value, name))
        };
        let using = match self.eat_keyword(K::Using) {
            true if self.is(Kind::LeftParen) => self.parenthesised_list(argument)?,
            true => self.list(argument)?,
            false => Vec::new(),
        };
        Ok(Command::ExecuteImmediate { text, into, using })
    }
}
