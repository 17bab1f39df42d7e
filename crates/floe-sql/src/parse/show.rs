//! SHOW statements.

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_syntax::Command;
use floe_syntax::command::Show;

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn show(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Show)?;
        let show = match self.keyword() {
            Some(K::Namespaces | K::Databases | K::Schemas) => {
                self.advance();
                Show::Schemas { catalog: self.in_schema()?, pattern: self.pattern()? }
            }
            Some(K::Tables) => {
                self.advance();
                Show::Tables { schema: self.in_schema()?, pattern: self.pattern()? }
            }
            Some(K::Views) => {
                self.advance();
                Show::Views { schema: self.in_schema()?, pattern: self.pattern()? }
            }
            Some(K::Table) => self.show_table_extended()?,
            Some(K::Columns) => self.show_columns()?,
            Some(K::Tblproperties) => {
                self.advance();
                let table = self.table_name()?;
                let key = if self.eat(Kind::LeftParen) {
                    let key = self.property_key()?;
                    self.expect(Kind::RightParen)?;
                    Some(key)
                } else {
                    None
                };
                Show::TableProperties { table, key }
            }
            Some(K::Create) => {
                self.expect_phrase(&[K::Create, K::Table])?;
                let table = self.table_name()?;
                Show::CreateTable { table, as_serde: self.eat_phrase(&[K::As, K::Serde]) }
            }
            Some(K::Partitions) => {
                self.advance();
                let table = self.table_name()?;
                if self.is_keyword(K::Partition) {
                    return Err(Error::unsupported("SHOW PARTITIONS of one partition").at(&self.origin(from)));
                }
                Show::Partitions { table }
            }
            Some(K::Catalogs) => {
                self.advance();
                Show::Catalogs { pattern: self.pattern()? }
            }
            Some(K::Current) if !self.is_keyword_at(1, K::Roles) => {
                self.advance();
                if self.eat_one_of(&[K::Namespace, K::Database, K::Schema]).is_none() {
                    return Err(self.syntax_error());
                }
                Show::CurrentNamespace
            }
            Some(K::Functions) if !self.is_keyword_at(1, K::Functions) => self.show_functions(None)?,
            _ if self.is_identifier() && self.is_keyword_at(1, K::Functions) => {
                let place = self.mark();
                let scope = self.simple_identifier()?.to_uppercase();
                if !["USER", "SYSTEM", "ALL"].contains(&scope.as_str()) {
                    let error = self.error("INVALID_SQL_SYNTAX.SHOW_FUNCTIONS_INVALID_SCOPE", place);
                    self.defer(error.with("scope", format!("`{}`", scope.to_lowercase())));
                }
                self.show_functions(Some(scope))?
            }
            Some(K::Procedures) => return self.unsupported_rest("SHOW PROCEDURES", from),
            _ => return Err(self.not_shown(from)),
        };
        Ok(Command::Show(show))
    }

    /// Hive's forms are refused by name; of anything else FUNCTIONS is missing behind it.
    fn not_shown(&mut self, from: Mark) -> Error {
        const HIVE: [&[K]; 9] = [
            &[K::Grant],
            &[K::Role, K::Grant],
            &[K::Roles],
            &[K::Principals],
            &[K::Current, K::Roles],
            &[K::Compactions],
            &[K::Transactions],
            &[K::Indexes],
            &[K::Locks],
        ];
        if let Some(phrase) = HIVE.iter().find(|phrase| self.is_phrase(phrase)) {
            let words: Vec<_> = phrase.iter().map(|word| word.text()).collect();
            self.skip_statement();
            return self.invalid_statement(&format!("SHOW {}", words.join(" ")), from);
        }
        if !self.is_identifier() {
            return self.syntax_error();
        }
        self.advance();
        self.expect_keyword(K::Functions).err().unwrap_or_else(|| self.syntax_error())
    }

    /// `(FROM | IN) name`, if it stands here.
    fn in_schema(&mut self) -> Result<Option<Vec<String>>> {
        if self.eat_one_of(&[K::From, K::In]).is_none() {
            return Ok(None);
        }
        self.plain_name().map(Some)
    }

    /// `[LIKE] 'pattern'`, if it stands here.
    fn pattern(&mut self) -> Result<Option<String>> {
        if self.eat_keyword(K::Like) || self.is_string() { self.string().map(Some) } else { Ok(None) }
    }

    fn show_table_extended(&mut self) -> Result<Show> {
        self.expect_phrase(&[K::Table, K::Extended])?;
        let schema = self.in_schema()?;
        self.expect_keyword(K::Like)?;
        let pattern = self.string()?;
        let partition = self.is_keyword(K::Partition);
        if partition {
            self.partition_spec()?;
        }
        Ok(Show::TableExtended { schema, pattern, partition })
    }

    /// The schema may stand in the table's name or behind it; that both agree is checked with the table.
    fn show_columns(&mut self) -> Result<Show> {
        self.expect_keyword(K::Columns)?;
        if self.eat_one_of(&[K::From, K::In]).is_none() {
            return Err(self.syntax_error());
        }
        let table = self.plain_table_name()?;
        let schema = self.in_schema()?;
        Ok(Show::Columns { table, schema })
    }

    fn show_functions(&mut self, scope: Option<String>) -> Result<Show> {
        self.expect_keyword(K::Functions)?;
        let schema = self.in_schema()?;
        let like = self.eat_keyword(K::Like);
        // The old form names the function without quotes.
        let pattern = if self.is_string() {
            Some(self.string()?)
        } else if like || self.is_identifier() {
            let place = self.mark();
            let name = self.multipart()?;
            if schema.is_some() {
                let error = self.error("INVALID_SQL_SYNTAX.SHOW_FUNCTIONS_INVALID_PATTERN", place);
                self.defer(error.with("pattern", quoted(&name)));
            }
            Some(name.join("."))
        } else {
            None
        };
        Ok(Show::Functions { scope, schema, pattern })
    }
}
