//! Predicates behind a value: BETWEEN, IN, LIKE and its kin, IS. One at most: `a IS NULL IS NULL` is no Spark SQL.

use floe_base::error::Kind as ErrorKind;
use floe_base::{Error, Result};
use floe_syntax::{Expression, ExpressionKind, Literal, Relation};

use super::primary::Parenthesis;
use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

/// The right side of IN.
enum InList {
    Items(Vec<Expression>),
    Query(Relation),
}

impl Parser<'_> {
    pub(crate) fn predicate(&mut self, value: Expression, from: Mark) -> Result<Expression> {
        if self.is_keyword(K::Is) && self.is_test_at(1) {
            self.advance();
            return self.test(value, from);
        }
        let negated = matches!(self.peek(), Kind::Bang | Kind::Keyword(K::Not));
        let Some(keyword) = self.keyword_at(usize::from(negated)).filter(|word| self.is_predicate(*word, negated))
        else {
            return Ok(value);
        };
        let place = self.mark();
        self.eat_not();
        self.advance();
        match keyword {
            K::Between => self.between(value, negated, from),
            K::In => match self.in_list() {
                // A list that is none leaves IN standing, where it may be an alias: so Spark's errors point at it.
                Err(error) if Self::is_syntax_error(&error) => {
                    self.rewind(place);
                    Ok(value)
                }
                list => Ok(self.in_predicate(value, list?, negated, from)),
            },
            K::Rlike | K::Regexp => {
                let pattern = self.value_expression()?;
                Ok(self.call_or_not("rlike", vec![value, pattern], negated, from))
            }
            K::Like => self.like("like", value, negated, (from, place)),
            _ => self.like("ilike", value, negated, (from, place)),
        }
    }

    /// NOT before a predicate; Spark has given up `!` there, and says so.
    pub(crate) fn eat_not(&mut self) -> bool {
        if self.is(Kind::Bang) {
            let error = Error::new(ErrorKind::Parse, "SYNTAX_DISCONTINUED.BANG_EQUALS_NOT").with("clause", "!");
            self.defer(error.at(&self.origin_here()));
            self.advance();
            return true;
        }
        self.eat_keyword(K::Not)
    }

    fn is_predicate(&self, keyword: K, negated: bool) -> bool {
        match keyword {
            K::In => self.peek_at(1 + usize::from(negated)) == Kind::LeftParen,
            K::Between | K::Rlike | K::Regexp | K::Like | K::Ilike => !self.ends_name_at(1 + usize::from(negated)),
            _ => false,
        }
    }

    fn call_or_not(&self, name: &str, arguments: Vec<Expression>, negated: bool, from: Mark) -> Expression {
        let call = Expression::call(name, arguments, self.origin(from));
        if negated { Expression::call("not", vec![call], self.origin(from)) } else { call }
    }

    fn between(&mut self, value: Expression, negated: bool, from: Mark) -> Result<Expression> {
        let low = self.value_expression()?;
        self.expect_keyword(K::And)?;
        let high = self.value_expression()?;
        Ok(self.call_or_not("between", vec![value, low, high], negated, from))
    }

    /// What stands in the parentheses behind IN.
    fn in_list(&mut self) -> Result<InList> {
        self.expect(Kind::LeftParen)?;
        let start = self.mark();
        if self.starts_query() {
            let query = self.query()?;
            self.expect(Kind::RightParen)?;
            return Ok(InList::Query(query));
        }
        let first = if self.is(Kind::LeftParen) {
            match self.parenthesised()? {
                Parenthesis::Query(query) if self.is(Kind::RightParen) || self.continues_query() => {
                    let query = self.query_after(query, start)?;
                    self.expect(Kind::RightParen)?;
                    return Ok(InList::Query(query));
                }
                other => {
                    let operand = self.operand(other, start);
                    self.disjunction(Some((operand, start)))?
                }
            }
        } else {
            self.expression()?
        };
        let mut items = vec![first];
        while self.eat(Kind::Comma) {
            items.push(self.expression()?);
        }
        self.close_list(items.len())?;
        Ok(InList::Items(items))
    }

    /// `(a, b) IN (SELECT …)` compares several columns.
    fn in_predicate(&self, value: Expression, list: InList, negated: bool, from: Mark) -> Expression {
        let query = match list {
            InList::Query(query) => Box::new(query),
            InList::Items(items) => {
                let arguments = std::iter::once(value).chain(items).collect();
                return self.call_or_not("in", arguments, negated, from);
            }
        };
        let values = match value.kind {
            ExpressionKind::Call(call) if call.name == ["()"] || call.name == ["struct"] => {
                call.arguments.into_iter().map(|argument| argument.value).collect()
            }
            kind => vec![Expression::new(kind, value.origin)],
        };
        let found = Expression::new(ExpressionKind::InSubquery { values, query }, self.origin(from));
        if negated { Expression::call("not", vec![found], self.origin(from)) } else { found }
    }

    fn like(&mut self, name: &str, value: Expression, negated: bool, marks: (Mark, Mark)) -> Result<Expression> {
        let (from, predicate) = marks;
        if matches!(self.keyword(), Some(K::Any | K::Some | K::All)) && self.peek_at(1) == Kind::LeftParen {
            return self.like_many(name, value, negated, marks);
        }
        let pattern = self.value_expression()?;
        let mut arguments = vec![value, pattern];
        if self.is_keyword(K::Escape) && matches!(self.peek_at(1), Kind::String | Kind::DoubleQuoted) {
            self.advance();
            let place = self.mark();
            let token = self.advance();
            let escape = self.string_of(token);
            if escape.chars().count() != 1 {
                let error = self.error("INVALID_ESC", predicate).with("invalidEscape", format!("'{escape}'"));
                self.defer(error);
            }
            arguments.push(Expression::literal(Literal::String(escape), self.origin(place)));
        }
        Ok(self.call_or_not(name, arguments, negated, from))
    }

    /// `LIKE ANY (…)`: negated, it is a function of its own (`NOT LIKE ANY`: some pattern does not match).
    fn like_many(&mut self, name: &str, value: Expression, negated: bool, marks: (Mark, Mark)) -> Result<Expression> {
        let (from, predicate) = marks;
        let quantifier = if self.eat_keyword(K::All) { "all" } else { "any" };
        self.eat_one_of(&[K::Any, K::Some]);
        if self.peek_at(1) == Kind::RightParen {
            self.expect(Kind::LeftParen)?;
            self.expect(Kind::RightParen)?;
            let error = self.refused("Expected something between '(' and ')'..", predicate);
            self.defer(error);
            return Ok(value);
        }
        let mut arguments = vec![value];
        arguments.extend(self.parenthesised_list(Self::expression)?);
        let not = if negated { "not_" } else { "" };
        Ok(Expression::call(&format!("{not}{name}_{quantifier}"), arguments, self.origin(from)))
    }

    fn is_test_at(&self, ahead: usize) -> bool {
        if matches!(self.peek_at(ahead), Kind::Bang | Kind::Keyword(K::Not)) {
            return true;
        }
        matches!(self.keyword_at(ahead), Some(K::Null | K::True | K::False | K::Unknown | K::Distinct))
    }

    /// Behind IS. `IS TRUE` is `<=> true`; `IS UNKNOWN` asks for NULL.
    fn test(&mut self, value: Expression, from: Mark) -> Result<Expression> {
        let negated = self.eat_not();
        let word = self.mark();
        let found = match self.eat_one_of(&[K::Null, K::True, K::False, K::Unknown, K::Distinct]) {
            Some(word @ (K::Null | K::Unknown)) => {
                let name = match (word, negated) {
                    (K::Null, false) => "isnull",
                    (K::Null, true) => "isnotnull",
                    (_, false) => "is unknown",
                    (_, true) => "is not unknown",
                };
                return Ok(Expression::call(name, vec![value], self.origin(from)));
            }
            Some(K::Distinct) => {
                self.expect_keyword(K::From)?;
                let right = self.value_expression()?;
                // IS DISTINCT FROM is the negation of `<=>`.
                return Ok(self.call_or_not("<=>", vec![value, right], !negated, from));
            }
            Some(truth) => Expression::literal(Literal::Boolean(truth == K::True), self.origin(word)),
            None => return Err(self.syntax_error()),
        };
        Ok(self.call_or_not("<=>", vec![value, found], negated, from))
    }
}
