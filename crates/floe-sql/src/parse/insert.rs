//! INSERT INTO and INSERT OVERWRITE, of tables and of directories.

use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::{Insert, Properties, SaveMode, WriteFiles};
use floe_syntax::{Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

/// A directory is named once.
const ONE_PATH: &str = "Directory path and 'path' in OPTIONS should be specified one, but not both.";

impl Parser<'_> {
    pub(crate) fn insert(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Insert)?;
        let overwrite = match self.eat_one_of(&[K::Into, K::Overwrite]) {
            Some(word) => word == K::Overwrite,
            None => return Err(self.syntax_error()),
        };
        if overwrite && self.is_directory() {
            return self.insert_directory(from);
        }
        // `INSERT INTO table VALUES (1)` names a table `table`.
        let is_name = self.is_keyword_at(1, K::Values) && self.peek_at(2) == Kind::LeftParen;
        if self.is_keyword(K::Table) && self.is_identifier_at(1) && !is_name {
            self.advance();
        }
        let mut table = self.table_name()?;
        if self.is_keyword(K::With) && self.peek_at(1) == Kind::LeftParen {
            self.advance();
            table.options = self.properties()?;
        }
        let mut insert = Insert {
            table,
            columns: None,
            by_name: false,
            overwrite,
            partition: Vec::new(),
            if_not_exists: false,
            replace_where: None,
            source: Relation::new(RelationKind::OneRow, self.origin(from)),
            schema_evolution: false,
        };
        if !overwrite && self.is_keyword(K::Replace) {
            self.advance();
            self.expect_keyword(K::Where)?;
            insert.replace_where = Some(self.expression()?);
        } else {
            self.insert_clauses(&mut insert, from)?;
        }
        insert.source = self.query()?;
        Ok(Command::Insert(insert))
    }

    fn insert_clauses(&mut self, insert: &mut Insert, from: Mark) -> Result<()> {
        if self.is_keyword(K::Partition) && self.peek_at(1) == Kind::LeftParen {
            insert.partition = self.partition_spec()?;
        }
        insert.if_not_exists = self.if_not_exists();
        if insert.if_not_exists && !insert.overwrite {
            let error = self.invalid_statement("INSERT INTO ... IF NOT EXISTS", from);
            self.defer(error);
        }
        if insert.if_not_exists && insert.partition.iter().any(|(_, value)| value.is_none()) {
            let keys: Vec<_> =
                insert.partition.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key.as_str()).collect();
            let text = format!("Operation not allowed: IF NOT EXISTS with dynamic partitions: {}.", keys.join(","));
            let error = self.refused(text, from);
            self.defer(error);
        }
        insert.by_name = self.eat_phrase(&[K::By, K::Name]);
        if !insert.by_name && self.is(Kind::LeftParen) && !self.starts_query_at(1) && self.peek_at(1) != Kind::LeftParen
        {
            insert.columns = Some(self.identifier_list()?);
        }
        Ok(())
    }

    fn is_directory(&self) -> bool {
        let ahead = usize::from(self.is_keyword(K::Local));
        self.is_keyword_at(ahead, K::Directory)
            && matches!(self.peek_at(ahead + 1), Kind::String | Kind::DoubleQuoted | Kind::Keyword(K::Using))
    }

    /// `[LOCAL] DIRECTORY ['path'] USING format [OPTIONS (…)] query`.
    fn insert_directory(&mut self, from: Mark) -> Result<Command> {
        self.eat_keyword(K::Local);
        self.expect_keyword(K::Directory)?;
        let mut path = if self.is_string() { Some(self.string()?) } else { None };
        if matches!(self.keyword(), Some(K::Row | K::Stored)) || !self.is_keyword(K::Using) {
            return Err(Error::unsupported("INSERT OVERWRITE DIRECTORY in a Hive format").at(&self.origin(from)));
        }
        self.advance();
        let format = Some(self.multipart()?.join("."));
        let mut options = if self.eat_keyword(K::Options) { self.properties()? } else { Properties::new() };
        if let Some(at) = options.iter().position(|(key, _)| key.eq_ignore_ascii_case("path")) {
            let (_, given) = options.remove(at);
            if path.is_some() {
                return Err(self.refused(ONE_PATH, from));
            }
            path = Some(given);
        }
        if path.is_none() {
            return Err(self.refused(ONE_PATH, from));
        }
        let input = self.query()?;
        Ok(Command::WriteFiles(WriteFiles {
            input,
            format,
            path,
            mode: SaveMode::Overwrite,
            options,
            partition_by: Vec::new(),
            sort_by: Vec::new(),
            buckets: None,
        }))
    }
}
