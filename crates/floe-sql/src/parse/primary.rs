//! What stands between operators: literals, names, calls, parentheses, and what may follow them (`.field`, `[key]`,
//! `::type`).
//!
//! A keyword with a form of its own (`CASE`, `CAST(`, `DATE '…'`) is a plain name wherever that form cannot be meant.

use floe_base::{Error, Result};
use floe_syntax::expression::{CastMode, Star};
use floe_syntax::{Expression, ExpressionKind, Literal, Relation};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

/// What a pair of parentheses holds: SQL tells only behind them.
pub(crate) enum Parenthesis {
    Query(Relation),
    Expression(Expression),
}

impl Parser<'_> {
    pub(crate) fn primary(&mut self) -> Result<Expression> {
        match self.peek() {
            Kind::Number(_) | Kind::Minus => self.number(),
            Kind::String | Kind::DoubleQuoted => Ok(self.string_expression()),
            Kind::LeftParen => self.parenthesised_expression(),
            Kind::Star => {
                let from = self.mark();
                self.star(Vec::new(), from)
            }
            Kind::Question | Kind::Colon => self.parameter(),
            Kind::Keyword(keyword) => self.keyword_primary(keyword),
            Kind::Word | Kind::Quoted => self.name_primary(),
            _ => Err(self.syntax_error()),
        }
    }

    fn keyword_primary(&mut self, keyword: K) -> Result<Expression> {
        let from = self.mark();
        let next = self.peek_at(1);
        match (keyword, next) {
            (K::Null, next) if !matches!(next, Kind::LeftParen | Kind::Dot | Kind::Arrow) => {
                self.advance();
                Ok(Expression::literal(crate::literal::null(), self.origin(from)))
            }
            (K::True | K::False, next) if !matches!(next, Kind::LeftParen | Kind::Dot | Kind::Arrow) => {
                self.advance();
                Ok(Expression::literal(Literal::Boolean(keyword == K::True), self.origin(from)))
            }
            (K::Default, next) if self.in_values && !matches!(next, Kind::LeftParen | Kind::Dot | Kind::Arrow) => {
                self.advance();
                Ok(Expression::new(ExpressionKind::Default, self.origin(from)))
            }
            (K::Interval, _) if self.is_interval() => self.interval_expression(),
            (K::Case, _) if !self.ends_name_at(1) && !self.is_keyword_at(1, K::End) => self.case_or_name(),
            (_, Kind::LeftParen) => match keyword {
                K::Cast | K::TryCast => self.cast(),
                K::Struct => self.struct_call(),
                K::First | K::Last | K::AnyValue => self.first_or_last(),
                K::Position => self.position(),
                K::Extract => self.extract(),
                K::Substr | K::Substring => self.substring(),
                K::Trim => self.trim(),
                K::Overlay => self.overlay(),
                K::Timestampadd
                | K::Dateadd
                | K::DateAdd
                | K::Timestampdiff
                | K::Datediff
                | K::DateDiff
                | K::Timediff => self.with_unit(),
                K::Identifier if self.is_identifier_clause() => self.identifier_clause(),
                _ => self.name_primary(),
            },
            _ => self.name_primary(),
        }
    }

    /// A name, and what it turns into: a column, `t.*`, a call, a lambda, a typed literal.
    fn name_primary(&mut self) -> Result<Expression> {
        let from = self.mark();
        if matches!(self.peek_at(1), Kind::String | Kind::DoubleQuoted) {
            return self.typed_literal();
        }
        if self.peek_at(1) == Kind::Arrow {
            return self.lambda();
        }
        let mut parts =
            if self.is_constant_identifier() { self.constant_identifier()? } else { vec![self.identifier()?] };
        while self.is(Kind::Dot) {
            if self.peek_at(1) == Kind::Star {
                self.advance();
                return self.star(parts, from);
            }
            if !self.is_identifier_at(1) {
                break;
            }
            self.advance();
            parts.push(self.identifier()?);
        }
        if self.is(Kind::LeftParen) {
            return self.function_call(parts, from);
        }
        Ok(Expression::column(parts, self.origin(from)))
    }

    /// `*` with what stands before it read, and `EXCEPT (…)` behind it. `SELECT * EXCEPT (SELECT …)` is a set operation.
    fn star(&mut self, qualifier: Vec<String>, from: Mark) -> Result<Expression> {
        self.expect(Kind::Star)?;
        let mut except = Vec::new();
        let excludes = self.is_keyword(K::Except)
            && self.peek_at(1) == Kind::LeftParen
            && self.peek_at(2) != Kind::LeftParen
            && !self.starts_query_at(2);
        if excludes {
            self.advance();
            except = self.parenthesised_list(Self::multipart)?;
        }
        Ok(Expression::new(ExpressionKind::Star(Star { qualifier, plan_id: None, except }), self.origin(from)))
    }

    /// `x -> body`.
    fn lambda(&mut self) -> Result<Expression> {
        let from = self.mark();
        let parameters = vec![self.identifier()?];
        self.lambda_body(parameters, from)
    }

    fn lambda_body(&mut self, parameters: Vec<String>, from: Mark) -> Result<Expression> {
        self.expect(Kind::Arrow)?;
        let body = Box::new(self.expression()?);
        Ok(Expression::new(ExpressionKind::Lambda { parameters, body }, self.origin(from)))
    }

    /// `(x, y) ->` ahead?
    pub(crate) fn is_lambda_list(&self) -> bool {
        let mut ahead = 1;
        loop {
            if !self.is_identifier_at(ahead) {
                return false;
            }
            match self.peek_at(ahead + 1) {
                Kind::Comma => ahead += 2,
                Kind::RightParen => return ahead > 1 && self.peek_at(ahead + 2) == Kind::Arrow,
                _ => return false,
            }
        }
    }

    fn parenthesised_expression(&mut self) -> Result<Expression> {
        let from = self.mark();
        if self.is_lambda_list() {
            let parameters = self.parenthesised_list(Self::identifier)?;
            return self.lambda_body(parameters, from);
        }
        let found = self.parenthesised()?;
        Ok(self.operand(found, from))
    }

    /// A parenthesis used as a value: a query in it is a scalar subquery.
    pub(crate) fn operand(&self, found: Parenthesis, from: Mark) -> Expression {
        match found {
            Parenthesis::Expression(expression) => expression,
            Parenthesis::Query(query) => {
                Expression::new(ExpressionKind::ScalarSubquery(Box::new(query)), self.origin(from))
            }
        }
    }

    /// A parenthesis with a query, an expression or a row in it. Whether `((SELECT 1) …` goes on as a query or as an
    /// expression shows only behind the inner one, so the inner one is read once and handed on, never read twice.
    pub(crate) fn parenthesised(&mut self) -> Result<Parenthesis> {
        self.nested(|parser| {
            let from = parser.mark();
            parser.expect(Kind::LeftParen)?;
            if parser.starts_query() {
                let query = parser.query()?;
                parser.expect(Kind::RightParen)?;
                return Ok(Parenthesis::Query(query));
            }
            let start = parser.mark();
            let first = if parser.is(Kind::LeftParen) && !parser.is_lambda_list() {
                match parser.parenthesised()? {
                    Parenthesis::Query(query) if parser.is(Kind::RightParen) || parser.continues_query() => {
                        let query = parser.query_after(query, start)?;
                        parser.expect(Kind::RightParen)?;
                        return Ok(Parenthesis::Query(query));
                    }
                    inner => {
                        let operand = parser.operand(inner, start);
                        parser.disjunction(Some((operand, start)))?
                    }
                }
            } else {
                parser.disjunction(None)?
            };
            parser.row_or_single(first, start, from).map(Parenthesis::Expression)
        })
    }

    /// One expression stands for itself; several, by comma, are a row.
    fn row_or_single(&mut self, first: Expression, start: Mark, from: Mark) -> Result<Expression> {
        if self.eat(Kind::RightParen) {
            return Ok(first);
        }
        let first = self.aliased(first, start)?;
        if !self.is(Kind::Comma) {
            return Err(self.syntax_error());
        }
        let mut items = vec![first];
        while self.eat(Kind::Comma) {
            items.push(self.named_expression()?);
        }
        if !self.is(Kind::RightParen) {
            return Err(self.extra_input());
        }
        self.advance();
        Ok(Expression::call("()", items, self.origin(from)))
    }

    /// `IDENTIFIER(<expression>)`, called when arguments follow.
    fn identifier_clause(&mut self) -> Result<Expression> {
        let from = self.mark();
        self.expect_keyword(K::Identifier)?;
        self.expect(Kind::LeftParen)?;
        let text = Box::new(self.expression()?);
        if self.is(Kind::Comma) {
            return self.function_call_after(vec!["identifier".into()], *text, from);
        }
        self.expect(Kind::RightParen)?;
        let arguments = if self.is(Kind::LeftParen) { Some(self.plain_arguments()?) } else { None };
        Ok(Expression::new(ExpressionKind::Identifier { text, arguments }, self.origin(from)))
    }

    /// `.field`, `[key]`, `::type`, `COLLATE name` and `:path`, as often as they come.
    pub(crate) fn postfix(&mut self, mut child: Expression, from: Mark) -> Result<Expression> {
        let mut links = 0;
        loop {
            match self.peek() {
                Kind::Dot => {
                    self.advance();
                    let place = self.mark();
                    let field = self.identifier()?;
                    child = self.dereferenced(child, field, from, place);
                }
                Kind::LeftBracket => {
                    self.advance();
                    let key = Box::new(self.value_expression()?);
                    self.expect(Kind::RightBracket)?;
                    let kind = ExpressionKind::ExtractValue { child: Box::new(child), key };
                    child = Expression::new(kind, self.origin(from));
                }
                Kind::DoubleColon => {
                    self.advance();
                    let to = self.data_type()?;
                    let kind = ExpressionKind::Cast { child: Box::new(child), to, mode: CastMode::Session };
                    child = Expression::new(kind, self.origin(from));
                }
                Kind::Keyword(K::Collate) if self.is_identifier_at(1) => {
                    self.advance();
                    let place = self.mark();
                    let name = self.multipart()?.join(".");
                    let name = Expression::literal(Literal::String(name), self.origin(place));
                    child = Expression::call("collate", vec![child, name], self.origin(from));
                }
                Kind::Colon => child = self.variant_path(child, from)?,
                _ => return Ok(child),
            }
            self.link(&mut links)?;
        }
    }

    /// A field of a column is one more part of its name; of anything else, a value to take out.
    fn dereferenced(&self, child: Expression, field: String, from: Mark, place: Mark) -> Expression {
        if let ExpressionKind::Attribute(mut attribute) = child.kind {
            attribute.parts.push(field);
            return Expression::new(ExpressionKind::Attribute(attribute), self.origin(from));
        }
        let key = Box::new(Expression::literal(Literal::String(field), self.origin(place)));
        Expression::new(ExpressionKind::ExtractValue { child: Box::new(child), key }, self.origin(from))
    }

    /// `variant:a.b[0]['c']`: the path as `variant_get` takes it.
    fn variant_path(&mut self, child: Expression, from: Mark) -> Result<Expression> {
        self.expect(Kind::Colon)?;
        let place = self.mark();
        let mut path = String::from("$");
        let mut first = true;
        loop {
            if first && self.is_identifier() || self.is(Kind::Dot) && self.is_identifier_at(1) {
                self.eat(Kind::Dot);
                let name = self.identifier()?;
                let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                path.push_str(&if plain { format!(".{name}") } else { format!("['{name}']") });
            } else if self.is(Kind::LeftBracket) {
                self.advance();
                let token = self.token();
                match token.kind {
                    Kind::String | Kind::DoubleQuoted => {
                        let key = self.string_of(token);
                        path.push_str(&format!("['{key}']"));
                    }
                    Kind::Number(crate::token::Number::Integer) => path.push_str(&format!("[{}]", self.slice(token))),
                    Kind::Word | Kind::Quoted | Kind::Keyword(_) => {
                        return Err(Error::unsupported("a column in the path of `:`").at(&self.origin_here()));
                    }
                    _ => return Err(self.syntax_error()),
                }
                self.advance();
                self.expect(Kind::RightBracket)?;
            } else if first {
                return Err(self.syntax_error());
            } else {
                break;
            }
            first = false;
        }
        let path = Expression::literal(Literal::String(path), self.origin(place));
        let of = Expression::literal(Literal::String("variant".into()), self.origin(place));
        Ok(Expression::call("variant_get", vec![child, path, of], self.origin(from)))
    }
}
