//! `UPDATE t [AS a] SET c = e, … [WHERE …]`, and assignments, which MERGE has too.

use floe_base::Result;
use floe_syntax::command::Assignment;
use floe_syntax::{Command, Expression};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn update(&mut self) -> Result<Command> {
        self.expect_keyword(K::Update)?;
        let (table, alias) = self.target("UPDATE")?;
        self.expect_keyword(K::Set)?;
        let assignments = self.assignments()?;
        let condition = if self.eat_keyword(K::Where) { Some(self.expression()?) } else { None };
        Ok(Command::Update { table, alias, assignments, condition })
    }

    /// `a = 1, b.c = DEFAULT`.
    pub(crate) fn assignments(&mut self) -> Result<Vec<Assignment>> {
        self.list(|parser| {
            let from = parser.mark();
            let column = parser.multipart()?;
            parser.expect(Kind::Equal)?;
            let value = parser.assigned()?;
            Ok(Assignment { column, value, origin: parser.origin(from) })
        })
    }

    /// A value that may be DEFAULT.
    pub(crate) fn assigned(&mut self) -> Result<Expression> {
        let outer = std::mem::replace(&mut self.in_values, true);
        let value = self.expression();
        self.in_values = outer;
        value
    }
}
