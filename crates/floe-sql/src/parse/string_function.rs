//! String functions with words between their arguments: POSITION, EXTRACT, SUBSTRING, TRIM, OVERLAY.
//!
//! Each is also a function like any other. Which one it is shows behind the first argument, so that one is read once and
//! handed on: reading it again would double the work at every level of nesting.

use floe_base::Result;
use floe_syntax::{Expression, Literal};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// `POSITION(a IN b)`, or the function of that name.
    pub(crate) fn position(&mut self) -> Result<Expression> {
        let from = self.mark();
        let name = self.identifier()?;
        if !self.starts_value_at(1) {
            return self.function_call(vec![name], from);
        }
        self.expect(Kind::LeftParen)?;
        let start = self.mark();
        // `a IN (…)` would be a predicate, so the operand is a value.
        let part = self.value_expression()?;
        if !self.eat_keyword(K::In) {
            return self.call_after(name, part, start, from);
        }
        let whole = self.value_expression()?;
        self.expect(Kind::RightParen)?;
        Ok(Expression::call("locate", vec![part, whole], self.origin(from)))
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
        if !self.starts_value_at(1) {
            return self.function_call(vec![name], from);
        }
        self.expect(Kind::LeftParen)?;
        let start = self.mark();
        let text = self.value_expression()?;
        if !self.eat_keyword(K::From) {
            return self.call_after(name, text, start, from);
        }
        let mut arguments = vec![text, self.value_expression()?];
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
        let option = self
            .keyword_at(1)
            .filter(|word| matches!(word, K::Both | K::Leading | K::Trailing))
            .filter(|_| !self.ends_name_at(2) || self.is_keyword_at(2, K::From));
        if option.is_none() && !self.starts_value_at(1) {
            return self.function_call(vec![plain], from);
        }
        self.expect(Kind::LeftParen)?;
        if option.is_some() {
            self.advance();
        }
        let name = match option {
            Some(K::Leading) => "ltrim",
            Some(K::Trailing) => "rtrim",
            _ => "trim",
        };
        let mut arguments = Vec::new();
        let without_characters = self.is_keyword(K::From) && (option.is_some() || !self.ends_name_at(1));
        if !without_characters {
            let start = self.mark();
            let characters = self.value_expression()?;
            if option.is_none() && !self.is_keyword(K::From) {
                return self.call_after(plain, characters, start, from);
            }
            arguments.push(characters);
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
        if !self.starts_value_at(1) {
            return self.function_call(vec![name], from);
        }
        self.expect(Kind::LeftParen)?;
        let start = self.mark();
        let text = self.value_expression()?;
        if !self.eat_keyword(K::Placing) {
            return self.call_after(name, text, start, from);
        }
        let mut arguments = vec![text, self.value_expression()?];
        self.expect_keyword(K::From)?;
        arguments.push(self.value_expression()?);
        if self.eat_keyword(K::For) {
            arguments.push(self.value_expression()?);
        }
        self.expect(Kind::RightParen)?;
        Ok(Expression::call("overlay", arguments, self.origin(from)))
    }

    /// True where an argument starts that is a value: no `)`, `DISTINCT`, `name =>`, `NOT` or `EXISTS`.
    fn starts_value_at(&self, ahead: usize) -> bool {
        let named = self.peek_at(ahead + 1) == Kind::FatArrow;
        let other = matches!(
            self.peek_at(ahead),
            Kind::RightParen | Kind::Bang | Kind::Keyword(K::Distinct | K::All | K::Not | K::Exists)
        );
        !named && !other
    }

    /// A call whose first argument's value was read already; what continues it may follow (`IS NULL`, `AND …`).
    pub(crate) fn call_after(
        &mut self,
        name: String,
        first: Expression,
        start: Mark,
        from: Mark,
    ) -> Result<Expression> {
        let first = self.disjunction(Some((first, start)))?;
        self.function_call_after(vec![name], first, from)
    }
}
