//! CREATE VIEW, also temporary and `USING` a data source, and DROP VIEW.

use floe_base::error::quoted;
use floe_base::{Error, Result};
use floe_syntax::command::{CreateView, Properties, ViewKind};
use floe_syntax::relation::Files;
use floe_syntax::{Command, DataType, Relation, RelationKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    pub(crate) fn create_view(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Create)?;
        let or_replace = self.eat_phrase(&[K::Or, K::Replace]);
        let global = self.eat_keyword(K::Global);
        let temporary = self.eat_one_of(&[K::Temporary, K::Temp]).is_some();
        let kind = match (global, temporary) {
            (true, _) => ViewKind::GlobalTemporary,
            (_, true) => ViewKind::Temporary,
            _ => ViewKind::Persistent,
        };
        self.expect_keyword(K::View)?;
        let if_not_exists = self.if_not_exists();
        let name = self.table_name()?;
        let nothing = Relation::new(RelationKind::OneRow, self.origin(from));
        let mut view = CreateView {
            name,
            kind,
            or_replace,
            if_not_exists,
            columns: Vec::new(),
            comment: None,
            properties: Properties::new(),
            text: None,
            query: nothing,
        };
        if temporary && !if_not_exists && self.is_using() {
            return self.view_using(view, from);
        }
        if self.is(Kind::LeftParen) {
            view.columns = self.parenthesised_list(|parser| Ok((parser.identifier()?, parser.comment_clause()?)))?;
        }
        self.view_clauses(&mut view, from)?;
        self.expect_keyword(K::As)?;
        let start = self.mark();
        view.query = self.query()?;
        view.text = Some(self.text_from(start).to_string());
        self.check_view(&view, from);
        Ok(Command::CreateView(view))
    }

    fn view_clauses(&mut self, view: &mut CreateView, from: Mark) -> Result<()> {
        let mut seen = Vec::new();
        loop {
            let clause = match self.keyword() {
                Some(K::Comment) => {
                    view.comment = self.comment_clause()?;
                    "COMMENT"
                }
                Some(K::Tblproperties) => {
                    self.advance();
                    view.properties = self.properties()?;
                    "TBLPROPERTIES"
                }
                Some(K::With) => {
                    self.schema_binding()?;
                    "WITH SCHEMA"
                }
                Some(K::Default) => return Err(Error::unsupported("DEFAULT COLLATION").at(&self.origin_here())),
                Some(K::Partitioned) => {
                    self.expect_phrase(&[K::Partitioned, K::On])?;
                    self.identifier_list()?;
                    let error = self.invalid_statement("CREATE VIEW ... PARTITIONED ON", from);
                    self.defer(error);
                    "PARTITIONED ON"
                }
                _ => return Ok(()),
            };
            if seen.contains(&clause) {
                let error = self.error("DUPLICATE_CLAUSES", from).with("clauseName", clause);
                self.defer(error);
            }
            seen.push(clause);
        }
    }

    /// `WITH SCHEMA (BINDING | COMPENSATION | [TYPE] EVOLUTION)`. Iceberg's views, and so Spark's catalog of them, keep
    /// their columns as they were made whatever it says.
    fn schema_binding(&mut self) -> Result<()> {
        self.expect_phrase(&[K::With, K::Schema])?;
        match self.keyword() {
            Some(K::Binding | K::Compensation | K::Evolution) => {
                self.advance();
                Ok(())
            }
            Some(K::Type) => self.expect_phrase(&[K::Type, K::Evolution]),
            _ => Err(self.syntax_error()),
        }
    }

    fn check_view(&mut self, view: &CreateView, from: Mark) {
        let temporary = view.kind != ViewKind::Persistent;
        let text = if temporary && view.if_not_exists {
            "It is not allowed to define a TEMPORARY view with IF NOT EXISTS."
        } else if temporary && !view.properties.is_empty() {
            "Operation not allowed: TBLPROPERTIES can't coexist with CREATE TEMPORARY VIEW."
        } else if view.if_not_exists && view.or_replace {
            "CREATE VIEW with both IF NOT EXISTS and REPLACE is not allowed."
        } else if temporary && view.name.parts.len() > 1 {
            let error = self.error("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", from);
            self.defer(error.with("actualName", quoted(&view.name.parts)));
            return;
        } else {
            return;
        };
        let error = self.refused(text, from);
        self.defer(error);
    }

    /// `USING`, directly or behind a list of columns with types.
    fn is_using(&self) -> bool {
        if self.is_keyword(K::Using) {
            return true;
        }
        self.is(Kind::LeftParen)
            && self.is_identifier_at(1)
            && self.is_identifier_at(2)
            && !self.is_keyword_at(2, K::Comment)
    }

    /// `CREATE TEMPORARY VIEW v [(a INT)] USING csv OPTIONS (path '…')`: a view of files.
    fn view_using(&mut self, mut view: CreateView, from: Mark) -> Result<Command> {
        let schema = if self.is(Kind::LeftParen) {
            Some(DataType::Struct(self.parenthesised_list(|parser| parser.field(false))?))
        } else {
            None
        };
        self.expect_keyword(K::Using)?;
        let format = Some(self.multipart()?.join("."));
        let options = if self.eat_keyword(K::Options) { self.properties()? } else { Properties::new() };
        let (paths, options): (Properties, Properties) =
            options.into_iter().partition(|(key, _)| key.eq_ignore_ascii_case("path"));
        let paths = paths.into_iter().map(|(_, path)| path).collect();
        view.query = Relation::new(RelationKind::Files(Files { format, schema, options, paths }), self.origin(from));
        Ok(Command::CreateView(view))
    }

    pub(crate) fn drop_view(&mut self) -> Result<Command> {
        self.expect_phrase(&[K::Drop, K::View])?;
        let if_exists = self.if_exists();
        Ok(Command::DropView { name: self.table_name()?, if_exists })
    }
}
