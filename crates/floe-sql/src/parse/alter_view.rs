//! ALTER VIEW: a new query, a new name, properties.

use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::{AlterView, ObjectKind};

use crate::keyword::Keyword as K;
use crate::parser::Parser;
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn alter_view(&mut self) -> Result<Command> {
        self.expect_phrase(&[K::Alter, K::View])?;
        let name = self.table_name()?;
        if self.eat_phrase(&[K::Rename, K::To]) {
            return Ok(Command::Rename { kind: ObjectKind::View, name, to: self.multipart()? });
        }
        if self.eat_phrase(&[K::Set, K::Tblproperties]) {
            return Ok(Command::AlterView { name, action: AlterView::SetProperties(self.properties()?) });
        }
        if self.eat_phrase(&[K::Unset, K::Tblproperties]) {
            let if_exists = self.if_exists();
            let keys = self.property_keys()?;
            return Ok(Command::AlterView { name, action: AlterView::UnsetProperties { keys, if_exists } });
        }
        if self.is_phrase(&[K::With, K::Schema]) {
            return Err(Error::unsupported("WITH SCHEMA of a view").at(&self.origin_here()));
        }
        if matches!(self.keyword(), Some(K::Add | K::Drop)) {
            // Of partitions, which views do not have.
            self.advance();
            return Err(self.syntax_error());
        }
        let explicit = self.eat_keyword(K::As);
        if !explicit && !self.starts_query() && !self.is(Kind::LeftParen) {
            return Err(self.syntax_error());
        }
        let start = self.mark();
        let query = self.query()?;
        let text = self.text_from(start).to_string();
        Ok(Command::AlterView { name, action: AlterView::As { text, query } })
    }
}
