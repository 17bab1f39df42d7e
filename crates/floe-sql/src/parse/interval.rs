//! Interval literals: `INTERVAL 3 DAYS 2 HOURS`, `INTERVAL '1-2' YEAR TO MONTH`, `INTERVAL '1 day'`.
//!
//! How a text becomes months and microseconds is in `crate::interval`; here is which type the literal has.

use floe_base::{Error, Result};
use floe_syntax::data_type::{DayTimeField, YearMonthField};
use floe_syntax::{Expression, Literal};

use crate::interval::{Interval, parse_day_time, parse_interval, parse_year_month};
use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::{Kind, Number};

impl Parser<'_> {
    /// `INTERVAL` with a number or text behind it; alone it is a name.
    pub(crate) fn is_interval(&self) -> bool {
        let signed = matches!(self.peek_at(1), Kind::Plus | Kind::Minus);
        let value = 1 + usize::from(signed);
        match self.peek_at(value) {
            // Behind a sign it may be the other operand.
            Kind::Number(Number::Integer | Number::Decimal) => !signed || self.unit_word(value + 1).is_some(),
            Kind::String | Kind::DoubleQuoted => self.unit_word(value + 1).is_some(),
            _ => false,
        }
    }

    pub(crate) fn interval_expression(&mut self) -> Result<Expression> {
        let from = self.mark();
        self.expect_keyword(K::Interval)?;
        let body = self.mark();
        let mut text = String::new();
        let mut units = Vec::new();
        loop {
            let (value, quoted) = self.interval_value()?;
            let unit = self.unit_word(0).ok_or_else(|| self.syntax_error())?;
            let token = self.advance();
            if units.is_empty() && self.is_keyword(K::To) {
                self.advance();
                let to = self.unit_word(0).ok_or_else(|| self.syntax_error())?;
                self.advance();
                return self.range_literal(&value, quoted, (unit, to), (from, body));
            }
            if quoted && !is_number(&value) {
                let error = format!(
                    "Can only use numbers in the interval value part for multiple unit value pairs interval form, but got invalid value: {value}."
                );
                return Err(self.refused(error, body));
            }
            text.push_str(&format!(" {value} {}", self.slice(token).to_lowercase()));
            units.push(unit);
            if !self.is_interval_value() {
                break;
            }
        }
        // These errors come from Spark's reader of interval texts, which knows no place.
        let interval = parse_interval(&text)?;
        self.interval_literal(interval, &units, from)
    }

    /// `INTERVAL '1 day 2 hours'`: the units are in the text.
    pub(crate) fn interval_text(&mut self, text: &str, from: Mark) -> Result<Expression> {
        let interval = parse_interval(text).map_err(|_| self.invalid_typed_literal("INTERVAL", text, from))?;
        let lower = text.to_lowercase();
        let words = lower.split_whitespace().map(|word| word.strip_suffix('s').unwrap_or(word));
        let units: Vec<_> = words.filter_map(unit_of).collect();
        self.interval_literal(interval, &units, from)
    }

    fn is_interval_value(&self) -> bool {
        let signed = matches!(self.peek(), Kind::Plus | Kind::Minus);
        let value = usize::from(signed);
        matches!(
            self.peek_at(value),
            Kind::Number(Number::Integer | Number::Decimal) | Kind::String | Kind::DoubleQuoted
        ) && self.unit_word(value + 1).is_some()
    }

    /// The number with its sign, and whether it was written as text.
    fn interval_value(&mut self) -> Result<(String, bool)> {
        let sign = match self.peek() {
            Kind::Minus => "-",
            Kind::Plus | Kind::Number(_) | Kind::String | Kind::DoubleQuoted => "",
            _ => return Err(self.syntax_error()),
        };
        if matches!(self.peek(), Kind::Plus | Kind::Minus) {
            self.advance();
        }
        let token = self.token();
        let (text, quoted) = match token.kind {
            Kind::Number(Number::Integer | Number::Decimal) => (self.slice(token).to_string(), false),
            Kind::String | Kind::DoubleQuoted => (self.string_of(token), true),
            _ => return Err(self.syntax_error()),
        };
        self.advance();
        // A sign before and one inside cancel out.
        let value = match (sign, text.trim().strip_prefix('-')) {
            ("-", Some(positive)) => positive.to_string(),
            ("-", None) => format!("-{}", text.trim().trim_start_matches('+')),
            _ => text.trim().to_string(),
        };
        Ok((value, quoted))
    }

    /// The unit's name in the singular.
    fn unit_word(&self, ahead: usize) -> Option<&'static str> {
        let word = self.keyword_at(ahead)?.text().to_ascii_lowercase();
        unit_of(word.strip_suffix('s').unwrap_or(&word))
    }

    /// `value from TO to`; `marks` are where the literal and its value start.
    fn range_literal(
        &mut self,
        value: &str,
        quoted: bool,
        (from, to): (&str, &str),
        marks: (Mark, Mark),
    ) -> Result<Expression> {
        let (start, body) = marks;
        if self.is_interval_value() {
            let extra = self.mark();
            self.advance();
            return Err(self.refused("Can only have a single from-to unit in the interval literal syntax.", extra));
        }
        if !quoted {
            return Err(self.refused("The value of from-to unit must be a string.", body));
        }
        let placed = |error: Error| error.at(&self.origin(body));
        let literal = match (year_month(from), year_month(to), day_time(from), day_time(to)) {
            (Some(YearMonthField::Year), Some(YearMonthField::Month), ..) => Literal::YearMonthInterval {
                months: parse_year_month(value).map_err(placed)?,
                from: YearMonthField::Year,
                to: YearMonthField::Month,
            },
            (_, _, Some(first), Some(last)) if first < last => Literal::DayTimeInterval {
                micros: parse_day_time(value, first, last).map_err(placed)?,
                from: first,
                to: last,
            },
            _ => {
                let error = self.error("INVALID_INTERVAL_FORMAT.UNSUPPORTED_FROM_TO_EXPRESSION", body);
                return Err(error.with("input", value).with("from", from).with("to", to));
            }
        };
        Ok(Expression::literal(literal, self.origin(start)))
    }

    /// An interval's type spans the units it is written with; the two families do not mix.
    fn interval_literal(&self, interval: Interval, units: &[&str], from: Mark) -> Result<Expression> {
        let year_months: Vec<_> = units.iter().filter_map(|unit| year_month(unit)).collect();
        let day_times: Vec<_> = units.iter().filter_map(|unit| day_time(unit)).collect();
        let literal = match (
            year_months.iter().min(),
            year_months.iter().max(),
            day_times.iter().min(),
            day_times.iter().max(),
        ) {
            (Some(first), Some(last), None, None) => {
                Literal::YearMonthInterval { months: interval.months, from: *first, to: *last }
            }
            (None, None, Some(first), Some(last)) => {
                let days = i64::from(interval.days).checked_mul(86_400_000_000);
                let micros = days.and_then(|days| days.checked_add(interval.micros));
                let micros =
                    micros.ok_or_else(|| self.error("INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", from))?;
                Literal::DayTimeInterval { micros, from: *first, to: *last }
            }
            (None, ..) => {
                Literal::CalendarInterval { months: interval.months, days: interval.days, micros: interval.micros }
            }
            _ => {
                let error = self.error("_LEGACY_ERROR_TEMP_0029", from);
                return Err(error.with("literal", self.text_from(from)));
            }
        };
        Ok(Expression::literal(literal, self.origin(from)))
    }
}

/// What a quoted value may hold beside its unit.
fn is_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    !(whole.is_empty() && fraction.is_empty()) && all_digits(whole) && all_digits(fraction)
}

fn unit_of(word: &str) -> Option<&'static str> {
    const UNITS: [&str; 10] =
        ["year", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond", "nanosecond"];
    UNITS.into_iter().find(|unit| *unit == word)
}

fn year_month(unit: &str) -> Option<YearMonthField> {
    match unit {
        "year" => Some(YearMonthField::Year),
        "month" => Some(YearMonthField::Month),
        _ => None,
    }
}

/// A week counts as days, parts of a second as seconds.
fn day_time(unit: &str) -> Option<DayTimeField> {
    match unit {
        "week" | "day" => Some(DayTimeField::Day),
        "hour" => Some(DayTimeField::Hour),
        "minute" => Some(DayTimeField::Minute),
        "second" | "millisecond" | "microsecond" | "nanosecond" => Some(DayTimeField::Second),
        _ => None,
    }
}
