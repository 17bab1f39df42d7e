//! A column of a table as it is defined: type, NOT NULL, DEFAULT, COMMENT, generated columns, constraints.

use floe_base::{Error, Result};
use floe_syntax::Field;
use floe_syntax::command::ColumnDefinition;

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// `( column, … )`.
    pub(crate) fn column_definitions(&mut self) -> Result<Vec<ColumnDefinition>> {
        self.parenthesised_list(|parser| {
            parser.refuse_table_constraint()?;
            parser.column_definition()
        })
    }

    pub(crate) fn column_definition(&mut self) -> Result<ColumnDefinition> {
        let from = self.mark();
        let name = self.name()?;
        let data_type = self.data_type()?;
        let mut definition = ColumnDefinition {
            field: Field::new(name, data_type, true),
            default: None,
            generated: None,
            origin: self.origin(from),
        };
        let mut seen = Vec::new();
        loop {
            let place = self.mark();
            let Some(option) = self.column_option(&mut definition)? else { break };
            if seen.contains(&option) {
                let error = self.error("CREATE_TABLE_COLUMN_DESCRIPTOR_DUPLICATE", place);
                self.defer(error.with("columnName", &definition.field.name).with("optionName", option));
            }
            seen.push(option);
        }
        definition.origin = self.origin(from);
        Ok(definition)
    }

    /// One option behind the type; its name, or none where no option stands.
    pub(crate) fn column_option(&mut self, definition: &mut ColumnDefinition) -> Result<Option<&'static str>> {
        if self.not_null()? {
            definition.field.nullable = false;
            return Ok(Some("NOT NULL"));
        }
        let from = self.mark();
        match self.keyword() {
            Some(K::Default) => {
                self.advance();
                definition.default = Some(self.expression()?);
                Ok(Some("DEFAULT"))
            }
            Some(K::Comment) => {
                definition.field.comment = self.comment_clause()?;
                Ok(Some("COMMENT"))
            }
            Some(K::Generated) => {
                definition.generated = Some(self.generated(from)?);
                Ok(Some("GENERATED ALWAYS AS"))
            }
            Some(K::Constraint | K::Check | K::Unique | K::Primary | K::References) => {
                Err(Error::unsupported("a constraint of a column").at(&self.origin_here()))
            }
            _ => Ok(None),
        }
    }

    fn generated(&mut self, from: Mark) -> Result<String> {
        self.expect_keyword(K::Generated)?;
        let by_default = self.eat_phrase(&[K::By, K::Default]);
        if !by_default {
            self.expect_keyword(K::Always)?;
        }
        self.expect_keyword(K::As)?;
        if by_default || self.is_keyword(K::Identity) {
            self.expect_keyword(K::Identity)?;
            if self.eat(Kind::LeftParen) {
                while self.is_keyword(K::Start) || self.is_keyword(K::Increment) {
                    let word = self.advance().kind;
                    self.expect_keyword(if word == Kind::Keyword(K::Start) { K::With } else { K::By })?;
                    self.number()?;
                }
                self.expect(Kind::RightParen)?;
            }
        } else {
            self.expect(Kind::LeftParen)?;
            self.expression()?;
            self.expect(Kind::RightParen)?;
        }
        Ok(self.text_from(from).to_string())
    }

    /// A table's constraint among its columns. `CHECK (` and `UNIQUE (` are no columns: a type would follow the name.
    fn refuse_table_constraint(&self) -> Result<()> {
        let named = self.is_keyword(K::Constraint)
            && matches!(self.keyword_at(2), Some(K::Check | K::Unique | K::Primary | K::Foreign));
        let bare = match self.keyword() {
            Some(K::Check | K::Unique) => self.peek_at(1) == Kind::LeftParen,
            Some(K::Primary | K::Foreign) => self.is_keyword_at(1, K::Key) && self.peek_at(2) == Kind::LeftParen,
            _ => false,
        };
        if named || bare {
            return Err(Error::unsupported("a constraint of a table").at(&self.origin_here()));
        }
        Ok(())
    }
}
