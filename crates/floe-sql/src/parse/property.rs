//! Lists of properties: `TBLPROPERTIES ('a' = 'b', c.d 1)`, `OPTIONS (k "v")`.

use floe_base::Result;
use floe_syntax::command::Properties;

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::{Kind, Number};

impl Parser<'_> {
    /// `( key [=] value, … )`.
    pub(crate) fn properties(&mut self) -> Result<Properties> {
        let from = self.mark();
        let entries = self.property_list()?;
        let bare = entries.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key.as_str());
        let bare = bare.collect::<Vec<_>>().join(",");
        if !bare.is_empty() {
            let error =
                self.refused(format!("Operation not allowed: Values must be specified for key(s): [{bare}]."), from);
            self.defer(error);
        }
        Ok(entries.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect())
    }

    pub(crate) fn property_list(&mut self) -> Result<Vec<(String, Option<String>)>> {
        let from = self.mark();
        let entries = self.parenthesised_list(|parser| {
            let key = parser.property_key()?;
            let explicit = parser.eat(Kind::Equal);
            let value = if explicit || parser.is_property_value() { Some(parser.property_value()?) } else { None };
            Ok((key, value))
        })?;
        for (index, (key, _)) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|(earlier, _)| earlier == key) {
                let error = self.error("DUPLICATE_KEY", from).with("keyColumn", format!("`{key}`"));
                self.defer(error);
                break;
            }
        }
        Ok(entries)
    }

    /// `( key, … )`, without values.
    pub(crate) fn property_keys(&mut self) -> Result<Vec<String>> {
        let from = self.mark();
        let entries = self.property_list()?;
        let valued = entries.iter().filter(|(_, value)| value.is_some()).map(|(key, _)| key.as_str());
        let valued = valued.collect::<Vec<_>>().join(",");
        if !valued.is_empty() {
            let text = format!("Operation not allowed: Values should not be specified for key(s): [{valued}].");
            let error = self.refused(text, from);
            self.defer(error);
        }
        Ok(entries.into_iter().map(|(key, _)| key).collect())
    }

    /// `a.b.c` or a string.
    pub(crate) fn property_key(&mut self) -> Result<String> {
        if self.is_string() {
            let token = self.advance();
            // A colon here would start a parameter; Spark points at what follows it.
            if self.is(Kind::Colon) && !self.is_identifier_at(1) {
                self.advance();
                return Err(self.syntax_error());
            }
            return Ok(self.string_of(token));
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
                let text = format!("Operation not allowed: A value must be specified for the key: {key}..");
                let error = parser.refused(text, from);
                parser.defer(error);
                return Ok((key, String::new()));
            }
            let negative = parser.is(Kind::Minus);
            if negative {
                parser.advance();
            }
            let single = parser.is_property_value() && matches!(parser.peek_at(1), Kind::Comma | Kind::RightParen);
            if !single {
                let value = parser.expression()?;
                let what = format!("the option value {}", value.origin.fragment());
                return Err(floe_base::Error::unsupported(what).at(&value.origin));
            }
            let value = parser.property_value()?;
            Ok((key, if negative { format!("-{value}") } else { value }))
        })?;
        for (index, (key, _)) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|(earlier, _)| earlier == key) {
                let error = self.error("DUPLICATE_KEY", from).with("keyColumn", format!("`{key}`"));
                self.defer(error);
                break;
            }
        }
        Ok(entries)
    }
}
