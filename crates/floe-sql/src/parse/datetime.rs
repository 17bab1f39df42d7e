//! `TIMESTAMPADD(unit, n, t)`, `TIMESTAMPDIFF(unit, a, b)` and their other names.

use floe_base::Result;
use floe_syntax::expression::{Argument, Call};
use floe_syntax::{Expression, ExpressionKind, Literal};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// With three arguments the first is a unit and no column; with two, `date_add` and `datediff` are functions.
    pub(crate) fn with_unit(&mut self) -> Result<Expression> {
        let from = self.mark();
        let keyword = self.keyword();
        let unit = self.unit_at(2).filter(|_| self.peek_at(3) == Kind::Comma);
        let text = matches!(self.peek_at(2), Kind::String | Kind::DoubleQuoted) && self.peek_at(3) == Kind::Comma;
        let name = self.identifier()?;
        let found = self.function_call(vec![name.clone()], from)?;
        let ExpressionKind::Call(call) = found.kind else { return Ok(found) };
        if call.arguments.len() != 3 || (unit.is_none() && !text) {
            return Ok(Expression::new(ExpressionKind::Call(call), found.origin));
        }
        let Some(unit) = unit else { return Err(self.invalid_unit(&name, &call, from)) };
        let adds = matches!(keyword, Some(K::Timestampadd | K::Dateadd | K::DateAdd));
        let mut rest = call.arguments.into_iter();
        let place = rest.next().map_or(found.origin.clone(), |first| first.value.origin);
        let first = Argument { name: None, value: Expression::literal(Literal::String(unit), place) };
        let mut call = Call::new(if adds { "timestampadd" } else { "timestampdiff" }, Vec::new());
        call.arguments = std::iter::once(first).chain(rest).collect();
        Ok(Expression::new(ExpressionKind::Call(Box::new(call)), found.origin))
    }

    fn unit_at(&self, ahead: usize) -> Option<String> {
        let is_unit = self.keyword_at(ahead).is_some_and(|keyword| {
            matches!(
                keyword,
                K::Year
                    | K::Quarter
                    | K::Month
                    | K::Week
                    | K::Day
                    | K::Dayofyear
                    | K::Hour
                    | K::Minute
                    | K::Second
                    | K::Millisecond
                    | K::Microsecond
            )
        });
        is_unit.then(|| self.slice(self.token_at(ahead)).to_string())
    }

    fn invalid_unit(&self, name: &str, call: &Call, from: Mark) -> floe_base::Error {
        let value = call.arguments.first().map_or("", |first| first.value.origin.fragment()).to_string();
        self.error("INVALID_PARAMETER_VALUE.DATETIME_UNIT", from)
            .with("functionName", format!("`{}`", name.to_ascii_lowercase()))
            .with("parameter", "`unit`")
            .with("invalidValue", value)
    }
}
