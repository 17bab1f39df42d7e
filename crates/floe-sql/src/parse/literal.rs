//! Literals in expressions: numbers with their ranges, strings side by side, `DATE '…'`, parameters.

use floe_base::error::Kind as ErrorKind;
use floe_base::{Error, Result};
use floe_syntax::{Expression, ExpressionKind, Literal};

use crate::keyword::Keyword as K;
use crate::literal::{decimal, hex, integer, unescape};
use crate::parser::{Mark, Parser};
use crate::token::{Kind, Number};

/// What Spark lists where a typed literal's type is none of them.
const SUPPORTED_TYPES: &str =
    "\"DATE\", \"TIMESTAMP_NTZ\", \"TIMESTAMP_LTZ\", \"TIMESTAMP\", \"INTERVAL\", \"X\", \"TIME\"";

/// What Java's `BigDecimal`, which measures a double before it is one, says of an exponent that fits no `int`.
fn exponent_overflow(text: &str) -> Option<&'static str> {
    let (_, exponent) = text.split_once(['e', 'E'])?;
    let digits = exponent.trim_start_matches(['+', '-']).trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let digits = digits.trim_start_matches('0');
    match digits.len() {
        11.. => Some("Too many nonzero exponent digits."),
        10 if digits.parse::<i32>().is_err() => Some("Exponent overflow."),
        _ => None,
    }
}

impl Parser<'_> {
    /// A number, with its sign when that comes first.
    pub(crate) fn number(&mut self) -> Result<Expression> {
        let from = self.mark();
        let negative = self.eat(Kind::Minus);
        let token = self.token();
        let Kind::Number(form) = token.kind else { return Err(self.syntax_error()) };
        self.advance();
        let text = self.slice(token);
        // Without a sign the token's text serves as it stands: VALUES of many rows come through here.
        let signed = if negative { Some(format!("-{text}")) } else { None };
        let literal = match self.number_value(signed.as_deref().unwrap_or(text), form, from) {
            Ok(literal) => literal,
            Err(error) => {
                self.defer(error);
                Literal::Int(0)
            }
        };
        Ok(Expression::literal(literal, self.origin(from)))
    }

    fn number_value(&self, text: &str, form: Number, from: Mark) -> Result<Literal> {
        let body = |suffix: usize| text.get(..text.len().saturating_sub(suffix)).unwrap_or("");
        let range = |name: &str, low: &str, high: &str, suffix: usize| {
            self.error("INVALID_NUMERIC_LITERAL_RANGE", from)
                .with("rawStrippedQualifier", body(suffix))
                .with("typeName", name)
                .with("minValue", low)
                .with("maxValue", high)
        };
        if matches!(form, Number::Float | Number::Double | Number::Exponent)
            && let Some(what) = exponent_overflow(text)
        {
            return Err(self.error("_LEGACY_ERROR_TEMP_0060", from).with("msg", what));
        }
        match form {
            Number::Integer => integer(text).map_err(too_precise),
            Number::Decimal => decimal(text).map_err(too_precise),
            Number::BigDecimal => decimal(body(2)).map_err(|digits| too_precise(digits).at(&self.origin(from))),
            Number::Byte => match body(1).parse() {
                Ok(value) => Ok(Literal::Byte(value)),
                Err(_) => Err(range("tinyint", "-128", "127", 1)),
            },
            Number::Short => match body(1).parse() {
                Ok(value) => Ok(Literal::Short(value)),
                Err(_) => Err(range("smallint", "-32768", "32767", 1)),
            },
            Number::Long => match body(1).parse() {
                Ok(value) => Ok(Literal::Long(value)),
                Err(_) => Err(range("bigint", "-9223372036854775808", "9223372036854775807", 1)),
            },
            // Spark measures what is written, and so refuses the largest float as Java prints it, `3.4028235E38`.
            Number::Float => match (body(1).parse::<f32>(), body(1).parse::<f64>()) {
                (Ok(value), Ok(written)) if written.abs() <= f64::from(f32::MAX) => Ok(Literal::Float(value)),
                _ => Err(range("float", "-3.4028234663852886E+38", "3.4028234663852886E+38", 1)),
            },
            Number::Double | Number::Exponent => {
                let suffix = usize::from(form == Number::Double);
                match body(suffix).parse::<f64>() {
                    Ok(value) if value.is_finite() => Ok(Literal::Double(value)),
                    _ => Err(range("double", "-1.7976931348623157E+308", "1.7976931348623157E+308", suffix)),
                }
            }
        }
    }

    /// Strings side by side are one.
    pub(crate) fn string_expression(&mut self) -> Expression {
        let from = self.mark();
        let mut text = self.string_token();
        while self.is_string() {
            text.push_str(&self.string_token());
        }
        Expression::literal(Literal::String(text), self.origin(from))
    }

    pub(crate) fn is_string(&self) -> bool {
        matches!(self.peek(), Kind::String | Kind::DoubleQuoted)
    }

    fn string_token(&mut self) -> String {
        let token = self.advance();
        unescape(self.slice(token))
    }

    /// A string where the grammar wants one and no expression; several side by side are one.
    pub(crate) fn string(&mut self) -> Result<String> {
        if !self.is_string() {
            self.refuse_parameter("a text")?;
            return Err(self.syntax_error());
        }
        let mut text = self.string_token();
        while self.is_string() {
            text.push_str(&self.string_token());
        }
        Ok(text)
    }

    /// An unsigned integer that fits.
    pub(crate) fn integer<T: std::str::FromStr>(&mut self) -> Result<T> {
        let token = self.token();
        if token.kind != Kind::Number(Number::Integer) {
            self.refuse_parameter("a number")?;
            return Err(self.syntax_error());
        }
        let value = self.slice(token).parse().map_err(|_| self.syntax_error())?;
        self.advance();
        Ok(value)
    }

    /// Spark replaces parameters in the text itself, so they may stand where no expression can; here they may not.
    fn refuse_parameter(&self, what: &str) -> Result<()> {
        if self.is(Kind::Question) || (self.is(Kind::Colon) && self.is_identifier_at(1)) {
            return Err(
                Error::unsupported(format!("a parameter in place of {what} of the grammar")).at(&self.origin_here())
            );
        }
        Ok(())
    }

    /// `DATE '2024-01-01'`, `X'1F'`, `INTERVAL '1 day'`: a type's name and its text.
    pub(crate) fn typed_literal(&mut self) -> Result<Expression> {
        let from = self.mark();
        let token = self.advance();
        let text = self.string_token();
        let kind = match token.kind {
            Kind::Keyword(word @ (K::Date | K::Time | K::Timestamp | K::TimestampLtz | K::TimestampNtz)) => {
                ExpressionKind::TypedLiteral { type_name: word.text().to_string(), text }
            }
            Kind::Keyword(K::Interval) => return self.interval_text(&text, from),
            Kind::Keyword(K::X) => match hex(&text) {
                Some(bytes) => ExpressionKind::Literal(Literal::Binary(bytes)),
                None => return Err(self.invalid_typed_literal("X", &text, from)),
            },
            _ => {
                let error = self.error("UNSUPPORTED_TYPED_LITERAL", from);
                let name = self.slice(token).to_uppercase();
                return Err(error
                    .with("unsupportedType", format!("\"{name}\""))
                    .with("supportedTypes", SUPPORTED_TYPES));
            }
        };
        Ok(Expression::new(kind, self.origin(from)))
    }

    pub(crate) fn invalid_typed_literal(&self, type_name: &str, text: &str, from: Mark) -> floe_base::Error {
        self.error("INVALID_TYPED_LITERAL", from)
            .with("valueType", format!("\"{type_name}\""))
            .with("value", format!("'{text}'"))
    }

    /// `:name` or `?`.
    pub(crate) fn parameter(&mut self) -> Result<Expression> {
        let from = self.mark();
        let kind = if self.eat(Kind::Question) {
            ExpressionKind::PositionalParameter(self.questions_before(from))
        } else {
            self.expect(Kind::Colon)?;
            ExpressionKind::NamedParameter(self.simple_identifier()?)
        };
        Ok(Expression::new(kind, self.origin(from)))
    }
}

/// Spark raises this one as an arithmetic error, without a place.
pub(crate) fn too_precise(digits: u32) -> Error {
    Error::new(ErrorKind::Arithmetic, "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION")
        .with("precision", digits.to_string())
        .with("maxPrecision", "38")
}
