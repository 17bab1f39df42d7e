//! Calls: arguments by position and by name, DISTINCT, WITHIN GROUP, FILTER, IGNORE NULLS, OVER.

use floe_base::Result;
use floe_syntax::expression::{Argument, Call};
use floe_syntax::{Expression, ExpressionKind, Literal};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// A call whose name is read already; the cursor is at its parenthesis.
    pub(crate) fn function_call(&mut self, name: Vec<String>, from: Mark) -> Result<Expression> {
        self.expect(Kind::LeftParen)?;
        let mut call = Call { name, ..Call::new("", Vec::new()) };
        if !self.is(Kind::RightParen) {
            call.distinct = self.distinct();
            call.arguments = self.list(Self::argument)?;
        }
        self.close_list(call.arguments.len())?;
        count_of_rows(&mut call);
        self.call_clauses(call, from)
    }

    /// A call whose first argument is read already.
    pub(crate) fn function_call_after(
        &mut self,
        name: Vec<String>,
        first: Expression,
        from: Mark,
    ) -> Result<Expression> {
        let mut call = Call { name, ..Call::new("", vec![first]) };
        while self.eat(Kind::Comma) {
            call.arguments.push(self.argument()?);
        }
        self.close_list(call.arguments.len())?;
        self.call_clauses(call, from)
    }

    /// `DISTINCT` or `ALL` before arguments or columns; either may also be a name.
    pub(crate) fn distinct(&mut self) -> bool {
        if self.ends_name_at(1) {
            return false;
        }
        self.eat_one_of(&[K::Distinct, K::All]) == Some(K::Distinct)
    }

    /// `value` or `name => value`.
    pub(crate) fn argument(&mut self) -> Result<Argument> {
        let name = if self.is_identifier() && self.peek_at(1) == Kind::FatArrow {
            let name = self.identifier()?;
            self.expect(Kind::FatArrow)?;
            Some(name)
        } else {
            None
        };
        Ok(Argument { name, value: self.expression()? })
    }

    /// `(a, b)` where only positions count.
    pub(crate) fn plain_arguments(&mut self) -> Result<Vec<Expression>> {
        self.expect(Kind::LeftParen)?;
        if self.eat(Kind::RightParen) {
            return Ok(Vec::new());
        }
        let arguments = self.list(Self::expression)?;
        self.expect(Kind::RightParen)?;
        Ok(arguments)
    }

    /// What may follow a call's closing parenthesis.
    pub(crate) fn call_clauses(&mut self, mut call: Call, from: Mark) -> Result<Expression> {
        if self.is_phrase(&[K::Within, K::Group]) {
            self.expect_phrase(&[K::Within, K::Group])?;
            self.expect(Kind::LeftParen)?;
            self.expect_phrase(&[K::Order, K::By])?;
            call.within_group = self.list(Self::sort_item)?;
            self.expect(Kind::RightParen)?;
        }
        if self.is_keyword(K::Filter) && self.peek_at(1) == Kind::LeftParen && self.is_keyword_at(2, K::Where) {
            self.advance();
            self.expect(Kind::LeftParen)?;
            self.expect_keyword(K::Where)?;
            call.filter = Some(self.expression()?);
            self.expect(Kind::RightParen)?;
        }
        if let Some(ignores) = self.nulls_option() {
            call.ignore_nulls = Some(ignores);
        }
        let function = Expression::new(ExpressionKind::Call(Box::new(call)), self.origin(from));
        if self.is_keyword(K::Over) && (self.peek_at(1) == Kind::LeftParen || self.is_identifier_at(1)) {
            self.advance();
            let window = Box::new(self.window_spec()?);
            let kind = ExpressionKind::Window { function: Box::new(function), window };
            return Ok(Expression::new(kind, self.origin(from)));
        }
        Ok(function)
    }

    /// `IGNORE NULLS`, `RESPECT NULLS`.
    fn nulls_option(&mut self) -> Option<bool> {
        if self.eat_phrase(&[K::Ignore, K::Nulls]) {
            Some(true)
        } else if self.eat_phrase(&[K::Respect, K::Nulls]) {
            Some(false)
        } else {
            None
        }
    }

    /// `FIRST(x IGNORE NULLS)`; otherwise a call like any other.
    pub(crate) fn first_or_last(&mut self) -> Result<Expression> {
        let from = self.mark();
        let name = self.identifier()?;
        self.expect(Kind::LeftParen)?;
        let mut call = Call::new(&name.to_ascii_lowercase(), Vec::new());
        if !self.is(Kind::RightParen) {
            call.distinct = self.distinct();
            call.arguments = self.list(Self::argument)?;
            if call.arguments.len() == 1 && self.eat_phrase(&[K::Ignore, K::Nulls]) {
                call.ignore_nulls = Some(true);
            }
        }
        self.close_list(call.arguments.len())?;
        if call.ignore_nulls.is_some() {
            // Spark's grammar for the words inside has no room for more behind them.
            return Ok(Expression::new(ExpressionKind::Call(Box::new(call)), self.origin(from)));
        }
        self.call_clauses(call, from)
    }

    /// `STRUCT(a, b AS c)`: its arguments may have names.
    pub(crate) fn struct_call(&mut self) -> Result<Expression> {
        let from = self.mark();
        self.expect_keyword(K::Struct)?;
        self.expect(Kind::LeftParen)?;
        let items = if self.is(Kind::RightParen) { Vec::new() } else { self.list(Self::named_expression)? };
        self.expect(Kind::RightParen)?;
        self.call_clauses(Call::new("struct", items), from)
    }
}

/// `count(*)` counts rows: Spark makes it `count(1)`, which also names the column.
fn count_of_rows(call: &mut Call) {
    let is_count = matches!(call.name.as_slice(), [name] if name.eq_ignore_ascii_case("count"));
    if !is_count || call.distinct {
        return;
    }
    if let [argument] = call.arguments.as_mut_slice()
        && let ExpressionKind::Star(star) = &argument.value.kind
        && star.qualifier.is_empty()
        && star.except.is_empty()
    {
        argument.value.kind = ExpressionKind::Literal(Literal::Int(1));
    }
}
