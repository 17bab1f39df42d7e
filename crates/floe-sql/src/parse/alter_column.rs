//! ALTER TABLE … ADD, DROP, RENAME, ALTER, CHANGE, REPLACE COLUMNS.

use floe_base::{Error, Result};
use floe_syntax::command::{AddColumn, AlterTable, ColumnChange, ColumnDefinition, ColumnPosition};
use floe_syntax::relation::TableName;
use floe_syntax::{Command, Field};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// With or without parentheses.
    pub(crate) fn add_columns(&mut self) -> Result<AlterTable> {
        self.expect_keyword(K::Add)?;
        self.advance();
        let columns = if self.is(Kind::LeftParen) {
            self.parenthesised_list(Self::added_column)?
        } else {
            self.list(Self::added_column)?
        };
        Ok(AlterTable::AddColumns(columns))
    }

    fn added_column(&mut self) -> Result<AddColumn> {
        let from = self.mark();
        let path = self.multipart()?;
        let data_type = self.data_type()?;
        let name = path.last().cloned().unwrap_or_default();
        let mut definition = ColumnDefinition {
            field: Field::new(name, data_type, true),
            default: None,
            generated: None,
            origin: self.origin(from),
        };
        let mut position = None;
        loop {
            if let Some(found) = self.column_position()? {
                position = Some(found);
            } else if self.is_keyword(K::Generated) || self.column_option(&mut definition)?.is_none() {
                break;
            }
        }
        definition.origin = self.origin(from);
        Ok(AddColumn { path, definition, position })
    }

    fn column_position(&mut self) -> Result<Option<ColumnPosition>> {
        if self.eat_keyword(K::First) {
            return Ok(Some(ColumnPosition::First));
        }
        if self.eat_keyword(K::After) {
            return Ok(Some(ColumnPosition::After(self.name()?)));
        }
        Ok(None)
    }

    pub(crate) fn drop_columns(&mut self) -> Result<AlterTable> {
        self.advance();
        let if_exists = self.if_exists();
        let columns = if self.is(Kind::LeftParen) {
            self.parenthesised_list(Self::multipart)?
        } else {
            self.list(Self::multipart)?
        };
        Ok(AlterTable::DropColumns { columns, if_exists })
    }

    pub(crate) fn rename_column(&mut self) -> Result<AlterTable> {
        self.expect_phrase(&[K::Rename, K::Column])?;
        let column = self.multipart()?;
        self.expect_keyword(K::To)?;
        Ok(AlterTable::RenameColumn { column, to: self.name()? })
    }

    pub(crate) fn replace_columns(&mut self, from: Mark) -> Result<AlterTable> {
        if !self.is(Kind::LeftParen) {
            self.skip_statement();
            return Err(self.invalid_statement("ALTER TABLE REPLACE COLUMNS", from));
        }
        let mut definitions = Vec::new();
        for column in self.parenthesised_list(Self::added_column)? {
            if column.path.len() > 1 {
                let text = "Replacing with a nested column is not supported in Hive-style REPLACE COLUMNS.";
                let error = self.refused(text, from);
                self.defer(error);
            }
            if column.position.is_some() {
                let text = "Column position is not supported in Hive-style REPLACE COLUMNS.";
                let error = self.refused(text, from);
                self.defer(error);
            }
            definitions.push(column.definition);
        }
        Ok(AlterTable::ReplaceColumns(definitions))
    }

    /// `ALTER COLUMN c …`, `CHANGE COLUMN c …`, and Hive's `CHANGE COLUMN c c type COMMENT '…'`.
    pub(crate) fn alter_columns(&mut self, table: TableName, from: Mark) -> Result<Command> {
        let change = self.is_keyword(K::Change);
        self.advance();
        if self.is_keyword(K::Column) && self.is_identifier_at(1) {
            self.advance();
        }
        let column = self.multipart()?;
        let changes = if change && self.is_identifier() && !self.starts_column_change() {
            self.hive_change(&column, from)?
        } else {
            self.column_changes(from)?
        };
        if self.is(Kind::Comma) {
            return Err(Error::unsupported("ALTER COLUMN of several columns").at(&self.origin(from)));
        }
        Ok(Command::AlterTable { table, action: AlterTable::AlterColumn { column, changes } })
    }

    fn starts_column_change(&self) -> bool {
        match self.keyword() {
            Some(K::Type) => true,
            Some(K::Comment) => matches!(self.peek_at(1), Kind::String | Kind::DoubleQuoted),
            Some(K::First) => matches!(self.peek_at(1), Kind::End | Kind::Semicolon | Kind::Comma),
            Some(K::After) => {
                self.is_identifier_at(1) && matches!(self.peek_at(2), Kind::End | Kind::Semicolon | Kind::Comma)
            }
            Some(K::Set | K::Drop) => matches!(self.peek_at(1), Kind::Bang | Kind::Keyword(K::Not | K::Default)),
            _ => false,
        }
    }

    fn column_changes(&mut self, from: Mark) -> Result<Vec<ColumnChange>> {
        let change = if self.eat_keyword(K::Type) {
            ColumnChange::Type(self.data_type()?)
        } else if self.is_keyword(K::Comment) {
            self.advance();
            ColumnChange::Comment(self.string()?)
        } else if let Some(position) = self.column_position()? {
            ColumnChange::Position(position)
        } else if let Some(word) = self.eat_one_of(&[K::Set, K::Drop]) {
            let sets = word == K::Set;
            if self.not_null()? {
                if sets { ColumnChange::SetNotNull } else { ColumnChange::DropNotNull }
            } else {
                self.expect_keyword(K::Default)?;
                if sets { ColumnChange::SetDefault(self.expression()?) } else { ColumnChange::DropDefault }
            }
        } else if matches!(self.peek(), Kind::End | Kind::Semicolon | Kind::Comma) {
            let text = "Operation not allowed: ALTER TABLE table ALTER COLUMN requires a TYPE, a SET/DROP, a COMMENT, or a FIRST/AFTER.";
            return Err(self.refused(text, from));
        } else {
            return Err(self.expect(Kind::End).err().unwrap_or_else(|| self.syntax_error()));
        };
        Ok(vec![change])
    }

    /// The column's name is given twice; Spark cannot rename with it.
    fn hive_change(&mut self, column: &[String], from: Mark) -> Result<Vec<ColumnChange>> {
        let field = self.field(false)?;
        let position = self.column_position()?;
        if column.last() != Some(&field.name) {
            let text = "Renaming column is not supported in Hive-style ALTER COLUMN, please run RENAME COLUMN instead.";
            return Err(self.refused(text, from));
        }
        if !field.nullable {
            let text = "NOT NULL is not supported in Hive-style ALTER COLUMN, please run ALTER COLUMN ... SET/DROP NOT NULL instead.";
            return Err(self.refused(text, from));
        }
        let mut changes = vec![ColumnChange::Type(field.data_type)];
        changes.extend(field.comment.map(ColumnChange::Comment));
        changes.extend(position.map(ColumnChange::Position));
        Ok(changes)
    }
}
