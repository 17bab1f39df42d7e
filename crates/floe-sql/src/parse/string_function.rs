//! String functions with words between their arguments: POSITION, EXTRACT, SUBSTRING, TRIM, OVERLAY.

use floe_base::Result;
use floe_syntax::{Expression, Literal};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    /// `POSITION(a IN b)`, or the function of that name.
    pub(crate) fn position(&mut self) -> Result<Expression> {
        let from = self.mark();
        let name = self.identifier()?;
        self.expect(Kind::LeftParen)?;
        // `a IN (…)` would be a predicate, so the operand is a value.
        if !self.is(Kind::RightParen) {
            let part = self.value_expression()?;
            if self.eat_keyword(K::In) {
                let whole = self.value_expression()?;
                self.expect(Kind::RightParen)?;
                return Ok(Expression::call("position", vec![part, whole], self.origin(from)));
            }
        }
        self.rewind(from + 1);
        self.function_call(vec![name], from)
    }

    /// `EXTRACT(field FROM source)`.
    pub(crate) fn extract(&mut self) -> Result<Expression> {
        let from = self.mark();
        if !self.is_identifier_at(2) || !self.is_keyword_at(3, K::From) {
            let name = self.identifier()?;
            return self.function_call(vec![name], from);
        }
        self.expect_keyword(K::Extract)?;
        self.expect(Kind::LeftParen)?;
        let place = self.mark();
        let field = self.simple_identifier()?;
        let field = Expression::literal(Literal::String(field), self.origin(place));
        self.expect_keyword(K::From)?;
        let source = self.value_expression()?;
        self.expect(Kind::RightParen)?;
        Ok(Expression::call("extract", vec![field, source], self.origin(from)))
    }

    /// `SUBSTRING(a FROM b [FOR c])`, or the function of that name.
    pub(crate) fn substring(&mut self) -> Result<Expression> {
        let from = self.mark();
        let name = self.identifier()?;
        self.expect(Kind::LeftParen)?;
        if self.is(Kind::RightParen) || self.peek_at(1) == Kind::FatArrow {
            self.rewind(from + 1);
            return self.function_call(vec![name], from);
        }
        let text = self.value_expression()?;
        if !self.eat_keyword(K::From) {
            self.rewind(from + 1);
            return self.function_call(vec![name], from);
        }
        let start = self.value_expression()?;
        let mut arguments = vec![text, start];
        if self.eat_keyword(K::For) || self.eat(Kind::Comma) {
            arguments.push(self.value_expression()?);
        }
        self.expect(Kind::RightParen)?;
        Ok(Expression::call("substring", arguments, self.origin(from)))
    }

    /// `TRIM([BOTH | LEADING | TRAILING] [characters] FROM text)`. The characters come first, as in the functions.
    pub(crate) fn trim(&mut self) -> Result<Expression> {
        let from = self.mark();
        let plain = self.identifier()?;
        self.expect(Kind::LeftParen)?;
        let option = match self.keyword() {
            Some(word @ (K::Both | K::Leading | K::Trailing))
                if !self.ends_name_at(1) || self.is_keyword_at(1, K::From) =>
            {
                self.advance();
                Some(word)
            }
            _ => None,
        };
        let name = match option {
            Some(K::Leading) => "ltrim",
            Some(K::Trailing) => "rtrim",
            _ => "trim",
        };
        if option.is_none() && self.is(Kind::RightParen) {
            self.rewind(from + 1);
            return self.function_call(vec![plain], from);
        }
        let mut arguments = Vec::new();
        if !(self.is_keyword(K::From) && (option.is_some() || !self.ends_name_at(1))) {
            arguments.push(self.value_expression()?);
        }
        if option.is_none() && !self.is_keyword(K::From) {
            self.rewind(from + 1);
            return self.function_call(vec![plain], from);
        }
        self.expect_keyword(K::From)?;
        arguments.push(self.value_expression()?);
        self.expect(Kind::RightParen)?;
        Ok(Expression::call(name, arguments, self.origin(from)))
    }

    /// `OVERLAY(text PLACING replacement FROM start [FOR length])`, or the function of that name.
    pub(crate) fn overlay(&mut self) -> Result<Expression> {
        let from = self.mark();
        let name = self.identifier()?;
        self.expect(Kind::LeftParen)?;
        let mut arguments = Vec::new();
        if !self.is(Kind::RightParen) {
            arguments.push(self.value_expression()?);
        }
        if !self.eat_keyword(K::Placing) {
            self.rewind(from + 1);
            return self.function_call(vec![name], from);
        }
        arguments.push(self.value_expression()?);
        self.expect_keyword(K::From)?;
        arguments.push(self.value_expression()?);
        if self.eat_keyword(K::For) {
            arguments.push(self.value_expression()?);
        }
        self.expect(Kind::RightParen)?;
        Ok(Expression::call("overlay", arguments, self.origin(from)))
    }
}
