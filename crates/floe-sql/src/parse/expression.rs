//! Expressions from the top: OR, AND, NOT, then values by binding power. Predicates (`IN`, `LIKE`, …) are in
//! `predicate.rs`, what stands between operators in `primary.rs`.

use floe_base::Result;
use floe_syntax::{Expression, ExpressionKind, Literal};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

/// A first operand that was read already (a parenthesis that turned out to be no query), and where it starts.
pub(crate) type Given = Option<(Expression, Mark)>;

impl Parser<'_> {
    pub(crate) fn expression(&mut self) -> Result<Expression> {
        if let Some(literal) = self.lone_literal() {
            return literal;
        }
        self.nested(|parser| parser.disjunction(None))
    }

    /// A literal with nothing but a comma or parenthesis behind it: most of what a seed of ten thousand rows is made of.
    fn lone_literal(&mut self) -> Option<Result<Expression>> {
        let signed = usize::from(self.is(Kind::Minus));
        if !matches!(self.peek_at(signed + 1), Kind::Comma | Kind::RightParen) {
            return None;
        }
        match self.peek_at(signed) {
            Kind::Number(_) => Some(self.number()),
            Kind::String | Kind::DoubleQuoted if signed == 0 => Some(Ok(self.string_expression())),
            Kind::Keyword(word @ (K::True | K::False | K::Null)) if signed == 0 => {
                let from = self.mark();
                self.advance();
                let literal = if word == K::Null { crate::literal::null() } else { Literal::Boolean(word == K::True) };
                Some(Ok(Expression::literal(literal, self.origin(from))))
            }
            _ => None,
        }
    }

    /// `expression (AS? alias | AS? (a, b))?`
    pub(crate) fn named_expression(&mut self) -> Result<Expression> {
        let from = self.mark();
        let child = self.expression()?;
        self.aliased(child, from)
    }

    /// An alias behind an expression, if there is one.
    pub(crate) fn aliased(&mut self, child: Expression, from: Mark) -> Result<Expression> {
        let explicit = self.is_keyword(K::As) && (self.is_identifier_at(1) || self.peek_at(1) == Kind::LeftParen);
        // Without a name behind it, AS is the name.
        if explicit {
            self.advance();
        }
        let names = if self.is(Kind::LeftParen) {
            self.identifier_list()?
        } else if explicit || (self.is_identifier() && !self.starts_clause()) {
            vec![self.name()?]
        } else {
            return Ok(child);
        };
        let kind = ExpressionKind::Alias { child: Box::new(child), names, metadata: None };
        Ok(Expression::new(kind, self.origin(from)))
    }

    /// Operands of OR and AND become a balanced tree, as in Spark: generated filters have thousands of them.
    pub(crate) fn disjunction(&mut self, given: Given) -> Result<Expression> {
        let from = given.as_ref().map_or(self.mark(), |(_, from)| *from);
        let first = self.conjunction(given)?;
        if !self.is_operator(K::Or) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.is_operator(K::Or) {
            self.advance();
            operands.push(self.conjunction(None)?);
        }
        Ok(self.balanced("or", operands, from))
    }

    fn conjunction(&mut self, given: Given) -> Result<Expression> {
        let from = given.as_ref().map_or(self.mark(), |(_, from)| *from);
        let first = self.negation(given)?;
        if !self.is_operator(K::And) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.is_operator(K::And) {
            self.advance();
            operands.push(self.negation(None)?);
        }
        Ok(self.balanced("and", operands, from))
    }

    /// `AND` and `OR` with an operand behind them; at the end of a clause they are names.
    fn is_operator(&self, keyword: K) -> bool {
        self.is_keyword(keyword)
            && !matches!(self.peek_at(1), Kind::End | Kind::Comma | Kind::RightParen | Kind::Semicolon)
    }

    fn balanced(&self, operator: &str, mut operands: Vec<Expression>, from: Mark) -> Expression {
        let origin = self.origin(from);
        while operands.len() > 1 {
            let mut pairs = Vec::with_capacity(operands.len().div_ceil(2));
            let mut rest = operands.into_iter();
            while let Some(left) = rest.next() {
                pairs.push(match rest.next() {
                    Some(right) => Expression::call(operator, vec![left, right], origin.clone()),
                    None => left,
                });
            }
            operands = pairs;
        }
        operands.pop().unwrap_or_else(|| Expression::literal(crate::literal::null(), origin))
    }

    /// `NOT` and `!` before a condition; they bind looser than every operator but AND and OR.
    fn negation(&mut self, given: Given) -> Result<Expression> {
        if given.is_some() {
            return self.condition(given);
        }
        let mut marks = Vec::new();
        let mut links = 0;
        while self.is_negation() {
            self.link(&mut links)?;
            marks.push(self.mark());
            self.advance();
        }
        let mut child = self.condition(None)?;
        while let Some(from) = marks.pop() {
            child = Expression::call("not", vec![child], self.origin(from));
        }
        Ok(child)
    }

    /// `NOT` alone is a name.
    fn is_negation(&self) -> bool {
        self.is(Kind::Bang) || (self.is_keyword(K::Not) && !self.ends_name_at(1))
    }

    /// `EXISTS (query)`, or a value with an optional predicate.
    fn condition(&mut self, given: Given) -> Result<Expression> {
        let from = given.as_ref().map_or(self.mark(), |(_, from)| *from);
        if given.is_none()
            && self.is_keyword(K::Exists)
            && self.peek_at(1) == Kind::LeftParen
            && self.starts_query_at(2)
        {
            self.advance();
            self.expect(Kind::LeftParen)?;
            let query = self.query()?;
            self.expect(Kind::RightParen)?;
            return Ok(Expression::new(ExpressionKind::Exists(Box::new(query)), self.origin(from)));
        }
        let value = self.value(0, given)?;
        self.predicate(value, from)
    }

    /// A value: arithmetic and comparisons, no AND, OR, NOT or predicate.
    pub(crate) fn value_expression(&mut self) -> Result<Expression> {
        self.nested(|parser| parser.value(0, None))
    }

    /// Left-associative operators of at least the binding power `power`.
    fn value(&mut self, power: u8, given: Given) -> Result<Expression> {
        let from = given.as_ref().map_or(self.mark(), |(_, from)| *from);
        let mut left = match given {
            Some((first, from)) => self.postfix(first, from)?,
            None => self.unary()?,
        };
        let mut links = 0;
        while let Some((name, binds)) = self.operator().filter(|(_, binds)| *binds > power) {
            self.link(&mut links)?;
            self.advance();
            let right = self.value(binds, None)?;
            left = Expression::call(name, vec![left, right], self.origin(from));
        }
        Ok(left)
    }

    /// The operator under the cursor and how tightly it binds.
    fn operator(&self) -> Option<(&'static str, u8)> {
        Some(match self.peek() {
            Kind::Star => ("*", 7),
            Kind::Slash => ("/", 7),
            Kind::Percent => ("%", 7),
            Kind::Keyword(K::Div) if !self.ends_name_at(1) => ("div", 7),
            Kind::Plus => ("+", 6),
            Kind::Minus => ("-", 6),
            Kind::DoublePipe => ("||", 6),
            Kind::ShiftLeft => ("<<", 5),
            Kind::ShiftRight => (">>", 5),
            Kind::ShiftRightUnsigned => (">>>", 5),
            Kind::Ampersand => ("&", 4),
            Kind::Hat => ("^", 3),
            Kind::Pipe => ("|", 2),
            Kind::Equal => ("=", 1),
            Kind::NullSafeEqual => ("<=>", 1),
            Kind::NotEqual => ("!=", 1),
            Kind::Less => ("<", 1),
            Kind::LessEqual => ("<=", 1),
            Kind::Greater => (">", 1),
            Kind::GreaterEqual => (">=", 1),
            _ => return None,
        })
    }

    /// Signs bind tighter than any operator of two sides. `-1` is one literal, so that `-128Y` and
    /// `-9223372036854775808` fit their types.
    fn unary(&mut self) -> Result<Expression> {
        let mut signs = Vec::new();
        let mut links = 0;
        loop {
            let name = match (self.peek(), self.peek_at(1)) {
                (Kind::Minus, Kind::Number(_)) => break,
                (Kind::Minus, _) => "-",
                (Kind::Plus, _) => "positive",
                (Kind::Tilde, _) => "~",
                _ => break,
            };
            self.link(&mut links)?;
            signs.push((name, self.mark()));
            self.advance();
        }
        let from = self.mark();
        let first = self.primary()?;
        let mut child = self.postfix(first, from)?;
        while let Some((name, from)) = signs.pop() {
            child = Expression::call(name, vec![child], self.origin(from));
        }
        Ok(child)
    }

    /// True where the token ahead cannot start an operand, so that the word before it is a name.
    pub(crate) fn ends_name_at(&self, ahead: usize) -> bool {
        matches!(
            self.peek_at(ahead),
            Kind::End
                | Kind::Comma
                | Kind::RightParen
                | Kind::RightBracket
                | Kind::Semicolon
                | Kind::Dot
                | Kind::Equal
                | Kind::NotEqual
                | Kind::Less
                | Kind::LessEqual
                | Kind::Greater
                | Kind::GreaterEqual
                | Kind::NullSafeEqual
                | Kind::Slash
                | Kind::Percent
                | Kind::Arrow
                | Kind::DoubleColon
                | Kind::LeftBracket
                | Kind::Keyword(K::From | K::As | K::Is | K::And | K::Or)
        )
    }
}
