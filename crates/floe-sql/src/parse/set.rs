//! SET, RESET, SET TIME ZONE, SET CATALOG. Keys and values of SET are raw text, not tokens.

use floe_base::Result;
use floe_syntax::data_type::DayTimeField;
use floe_syntax::{Command, Expression, ExpressionKind, Literal};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn set(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Set)?;
        match self.keyword() {
            Some(K::Catalog)
                if self.is_identifier_at(1) || matches!(self.peek_at(1), Kind::String | Kind::DoubleQuoted) =>
            {
                return self.set_catalog(from);
            }
            Some(K::Time) if self.is_keyword_at(1, K::Zone) => return self.set_time_zone(from),
            Some(K::Role) => {
                self.skip_statement();
                return Err(self.invalid_statement("SET ROLE", from));
            }
            Some(K::Variable | K::Var) if self.is_variable_at(1) => {
                // What is no assignment to the end is read as a setting, and no setting either.
                return match self.set_variable() {
                    Ok(command) if matches!(self.peek(), Kind::End | Kind::Semicolon) => Ok(command),
                    Err(error) if error.kind() != floe_base::Kind::Parse => Err(error),
                    _ => Err(self.error("INVALID_SET_SYNTAX", from)),
                };
            }
            _ => {}
        }
        if self.is(Kind::Quoted) && matches!(self.peek_at(1), Kind::Equal | Kind::End | Kind::Semicolon) {
            return self.set_quoted(from);
        }
        let text = self.remainder().trim();
        self.skip_to_end();
        if text.is_empty() {
            return Ok(Command::ShowSettings { key: None, verbose: false });
        }
        if text == "-v" {
            return Ok(Command::ShowSettings { key: None, verbose: true });
        }
        // The value ends at the first semicolon; only semicolons may follow.
        if let Some((key, rest)) = text.split_once('=').filter(|(key, _)| is_key(key.trim_end())) {
            let (value, tail) = rest.split_once(';').unwrap_or((rest, ""));
            if tail.chars().all(|letter| letter == ';') {
                return Ok(Command::Set { key: key.trim_end().to_string(), value: value.trim().to_string() });
            }
        }
        let text = text.trim_end_matches(';').trim_end();
        if is_key(text) {
            return Ok(Command::ShowSettings { key: Some(text.to_string()), verbose: false });
        }
        Err(self.error("INVALID_SET_SYNTAX", from))
    }

    /// ``SET `key` = value``, the value raw or in back-ticks.
    fn set_quoted(&mut self, from: Mark) -> Result<Command> {
        let key = self.simple_identifier()?;
        if !self.eat(Kind::Equal) {
            while self.eat(Kind::Semicolon) {}
            return Ok(Command::ShowSettings { key: Some(key), verbose: false });
        }
        if self.is(Kind::Quoted) && matches!(self.peek_at(1), Kind::End | Kind::Semicolon) {
            return Ok(Command::Set { key, value: self.simple_identifier()? });
        }
        let text = self.remainder().trim();
        self.skip_to_end();
        let (value, tail) = text.split_once(';').unwrap_or((text, ""));
        if !tail.chars().all(|letter| letter == ';') {
            let error = self.error("INVALID_PROPERTY_VALUE", from);
            return Err(error.with("value", format!("\"{text}\"")).with("key", format!("\"{key}\"")));
        }
        Ok(Command::Set { key, value: value.to_string() })
    }

    fn set_time_zone(&mut self, from: Mark) -> Result<Command> {
        self.expect_phrase(&[K::Time, K::Zone])?;
        if self.eat_keyword(K::Local) {
            return Ok(Command::SetTimeZone { zone: None });
        }
        if self.is_string() {
            let place = self.mark();
            let text = self.string()?;
            let zone = Expression::literal(Literal::String(text), self.origin(place));
            return Ok(Command::SetTimeZone { zone: Some(zone) });
        }
        if self.is_keyword(K::Interval) {
            let start = self.mark();
            let zone = if self.is_interval() { self.interval_expression()? } else { self.typed_literal()? };
            self.check_displacement(&zone, start);
            return Ok(Command::SetTimeZone { zone: Some(zone) });
        }
        self.skip_statement();
        Err(self.refused("Invalid time zone displacement value.", from))
    }

    /// At most 18 hours either way, in whole seconds.
    fn check_displacement(&mut self, zone: &Expression, from: Mark) {
        const SECOND: i64 = 1_000_000;
        let fits = match &zone.kind {
            ExpressionKind::Literal(Literal::DayTimeInterval { micros, from, .. }) => {
                *from != DayTimeField::Day && micros.abs() <= 18 * 3_600 * SECOND && micros % SECOND == 0
            }
            _ => false,
        };
        if fits {
            return;
        }
        let text = zone.origin.fragment();
        let digits = text.find(|letter: char| letter.is_ascii_digit()).and_then(|at| text.get(at..)).unwrap_or("");
        let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
        let error = self.error("INVALID_INTERVAL_FORMAT.TIMEZONE_INTERVAL_OUT_OF_RANGE", from);
        self.defer(error.with("input", digits.get(..end).unwrap_or("")));
    }

    /// `a =`, `a.b =` or `(`: what an assignment of variables starts with.
    fn is_variable_at(&self, mut ahead: usize) -> bool {
        if self.peek_at(ahead) == Kind::LeftParen {
            return true;
        }
        while self.is_identifier_at(ahead) && self.peek_at(ahead + 1) == Kind::Dot {
            ahead += 2;
        }
        self.is_identifier_at(ahead) && self.peek_at(ahead + 1) == Kind::Equal
    }

    pub(crate) fn reset(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Reset)?;
        if self.is(Kind::Quoted) && matches!(self.peek_at(1), Kind::End | Kind::Semicolon) {
            return Ok(Command::Reset { key: Some(self.simple_identifier()?) });
        }
        let text = self.remainder().trim();
        self.skip_to_end();
        let text = text.trim_end_matches(';').trim_end();
        if text.is_empty() {
            return Ok(Command::Reset { key: None });
        }
        if is_key(text) {
            return Ok(Command::Reset { key: Some(text.to_string()) });
        }
        Err(self.error("INVALID_RESET_COMMAND_FORMAT", from))
    }
}

/// Characters a key may have without back-ticks.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:\\".contains(&byte))
}
