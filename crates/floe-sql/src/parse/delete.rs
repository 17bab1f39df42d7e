//! `DELETE FROM t [AS a] [WHERE …]`.

use floe_base::Result;
use floe_syntax::Command;

use crate::keyword::Keyword as K;
use crate::parser::Parser;

impl Parser<'_> {
    pub(crate) fn delete(&mut self) -> Result<Command> {
        self.expect_phrase(&[K::Delete, K::From])?;
        let (table, alias) = self.target("DELETE")?;
        let condition = if self.eat_keyword(K::Where) { Some(self.expression()?) } else { None };
        Ok(Command::Delete { table, alias, condition })
    }
}
