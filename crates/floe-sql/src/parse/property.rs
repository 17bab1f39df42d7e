//! Lists of properties: `TBLPROPERTIES ('a' = 'b', c.d 1)`, `OPTIONS (k "v")`.

use floe_base::Result;
use floe_syntax::command::Properties;

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::{Kind, Number};

impl Parser<'_> {
    /// `( key [=] value, … )`; a key without a value has the empty text.
    pub(crate) fn properties(&mut self) -> Result<Properties> {
        let from = self.mark();
        let entries = self.parenthesised_list(|parser| {
            let key = parser.property_key()?;
            let explicit = parser.eat(Kind::Equal);
            let value = if explicit || parser.is_property_value() { parser.property_value()? } else { String::new() };
            Ok((key, value))
        })?;
        for (index, (key, _)) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|(earlier, _)| earlier == key) {
                let error = self.error("DUPLICATE_KEY", from);
                return Err(error.with("keyColumn", format!("`{key}`")));
            }
        }
        Ok(entries)
    }

    /// `( key, … )`.
    pub(crate) fn property_keys(&mut self) -> Result<Vec<String>> {
        Ok(self.properties()?.into_iter().map(|(key, _)| key).collect())
    }

    /// `a.b.c` or a string.
    pub(crate) fn property_key(&mut self) -> Result<String> {
        if self.is_string() {
            let token = self.advance();
            return Ok(crate::literal::unescape(self.slice(token)));
        }
        let mut key = self.name()?;
        while self.eat(Kind::Dot) {
            key.push('.');
            key.push_str(&self.name()?);
        }
        Ok(key)
    }

    fn is_property_value(&self) -> bool {
        self.is_string() || matches!(self.peek(), Kind::Number(_) | Kind::Keyword(K::True | K::False))
    }

    fn property_value(&mut self) -> Result<String> {
        let token = self.token();
        let value = match token.kind {
            Kind::Number(Number::Integer | Number::Decimal) => self.slice(token).to_string(),
            Kind::Keyword(K::True | K::False) => self.slice(token).to_lowercase(),
            _ => return self.string(),
        };
        self.advance();
        Ok(value)
    }

    /// `OPTIONS (…)` of a table: values may be constant expressions, of which literals are read here.
    pub(crate) fn expression_properties(&mut self) -> Result<Properties> {
        let from = self.mark();
        let entries = self.parenthesised_list(|parser| {
            let key = parser.property_key()?;
            let explicit = parser.eat(Kind::Equal);
            if !explicit && !parser.is_property_value() && matches!(parser.peek(), Kind::Comma | Kind::RightParen) {
                return Ok((key, String::new()));
            }
            let negative = parser.is(Kind::Minus);
            if negative {
                parser.advance();
            }
            if !parser.is_property_value() {
                let value = parser.expression()?;
                let what = format!("the option value {}", value.origin.fragment());
                return Err(floe_base::Error::unsupported(what).at(&value.origin));
            }
            let value = parser.property_value()?;
            Ok((key, if negative { format!("-{value}") } else { value }))
        })?;
        for (index, (key, _)) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|(earlier, _)| earlier == key) {
                return Err(self.error("DUPLICATE_KEY", from).with("keyColumn", format!("`{key}`")));
            }
        }
        Ok(entries)
    }
}
