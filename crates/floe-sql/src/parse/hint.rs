//! Hints: `/*+ BROADCAST(t), ROUTE(duckdb) */`.

use floe_base::Result;
use floe_syntax::relation::Hint;

use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn hints(&mut self) -> Result<Vec<Hint>> {
        let mut hints = Vec::new();
        while self.eat(Kind::HintStart) {
            hints.push(self.hint()?);
            while !self.eat(Kind::HintEnd) {
                self.eat(Kind::Comma);
                hints.push(self.hint()?);
            }
        }
        Ok(hints)
    }

    fn hint(&mut self) -> Result<Hint> {
        let name = self.simple_identifier()?;
        let parameters = if self.is(Kind::LeftParen) {
            self.parenthesised_list(|parser| {
                let from = parser.mark();
                let first = parser.primary()?;
                parser.postfix(first, from)
            })?
        } else {
            Vec::new()
        };
        Ok(Hint { name, parameters })
    }
}
