//! CREATE FUNCTION, with a body of SQL or a class of Java's, and DROP FUNCTION.

use floe_base::Result;
use floe_base::error::quoted;
use floe_syntax::command::ColumnDefinition;
use floe_syntax::routine::{CreateFunction, Routine, RoutineBody};
use floe_syntax::{Command, Expression, ExpressionKind};

use crate::keyword::Keyword as K;
use crate::parser::{Mark, Parser};
use crate::token::Kind;

impl Parser<'_> {
    /// `CREATE [OR REPLACE] [TEMPORARY] FUNCTION [IF NOT EXISTS] name …`.
    pub(crate) fn create_function(&mut self) -> Result<Command> {
        let from = self.mark();
        self.expect_keyword(K::Create)?;
        let or_replace = self.eat_phrase(&[K::Or, K::Replace]);
        let temporary = self.eat_one_of(&[K::Temporary, K::Temp]).is_some();
        self.expect_keyword(K::Function)?;
        let if_not_exists = self.if_not_exists();
        let name = self.multipart()?;
        let start = self.mark();
        let routine = self.routine()?;
        let text = self.text_from(start).to_string();
        let create = CreateFunction { name, or_replace, temporary, if_not_exists, text, routine };
        self.check_create(&create, from);
        Ok(Command::CreateFunction(Box::new(create)))
    }

    fn check_create(&mut self, create: &CreateFunction, from: Mark) {
        if create.or_replace && create.if_not_exists {
            let error = self.error("INVALID_SQL_SYNTAX.CREATE_ROUTINE_WITH_IF_NOT_EXISTS_AND_REPLACE", from);
            self.defer(error);
        }
        if create.temporary && create.if_not_exists {
            let error = self.error("INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_IF_NOT_EXISTS", from);
            self.defer(error);
        }
        if let (true, [database, _]) = (create.temporary, create.name.as_slice()) {
            let error = self.error("INVALID_SQL_SYNTAX.CREATE_TEMP_FUNC_WITH_DATABASE", from);
            self.defer(error.with("database", quoted(&[database])));
        }
        if create.temporary && create.name.len() > 2 {
            let error = self.error("INVALID_SQL_SYNTAX.MULTI_PART_NAME", from);
            self.defer(error.with("name", quoted(&create.name)).with("statement", "CREATE TEMPORARY FUNCTION"));
        }
    }

    /// What stands behind a function's name.
    pub(crate) fn routine(&mut self) -> Result<Routine> {
        if self.eat_keyword(K::As) {
            return self.class();
        }
        self.expect(Kind::LeftParen)?;
        let parameters = if self.is(Kind::RightParen) { Vec::new() } else { self.list(Self::column_definition)? };
        self.expect(Kind::RightParen)?;
        let mut routine = Routine { parameters, ..Routine::default() };
        let returns = self.returns()?;
        self.characteristics(&mut routine)?;
        self.expect_keyword(K::Return)?;
        routine.body = match returns {
            Returns::Table(columns) => RoutineBody::Rows { columns, query: self.query()? },
            Returns::Nothing => RoutineBody::Value { returns: None, value: self.returned()? },
            Returns::Type(data_type) => RoutineBody::Value { returns: Some(data_type), value: self.returned()? },
        };
        Ok(routine)
    }

    /// `AS 'class' [USING JAR 'path', …]`.
    fn class(&mut self) -> Result<Routine> {
        let class = self.string()?;
        if self.eat_keyword(K::Using) {
            self.list(|parser| {
                parser.identifier()?;
                parser.string()
            })?;
        }
        Ok(Routine { body: RoutineBody::Class(class), ..Routine::default() })
    }

    fn returns(&mut self) -> Result<Returns> {
        if !self.is_keyword(K::Returns) || self.is_keyword_at(1, K::Null) {
            return Ok(Returns::Nothing);
        }
        self.advance();
        if !self.eat_keyword(K::Table) {
            return self.data_type().map(Returns::Type);
        }
        let columns = if self.is(Kind::LeftParen) { Some(self.column_definitions()?) } else { None };
        Ok(Returns::Table(columns))
    }

    /// What SQL lets be said of a routine; each may be said once.
    fn characteristics(&mut self, routine: &mut Routine) -> Result<()> {
        let mut seen = Vec::new();
        loop {
            let place = self.mark();
            let Some(said) = self.characteristic(routine)? else { return Ok(()) };
            if seen.contains(&said) {
                let error = self.error("DUPLICATE_CLAUSES", place);
                self.defer(error.with("clauseName", said));
            }
            seen.push(said);
        }
    }

    fn characteristic(&mut self, routine: &mut Routine) -> Result<Option<&'static str>> {
        let place = self.mark();
        if self.is_keyword(K::Comment) {
            routine.comment = self.comment_clause()?;
            return Ok(Some("COMMENT"));
        }
        if self.eat_keyword(K::Language) {
            if !self.eat_word("sql") {
                let message = format!("Unsupported language for user defined functions: {}", self.identifier()?);
                let error = self.error("_LEGACY_ERROR_TEMP_0035", place).with("message", message);
                self.defer(error);
            }
            return Ok(Some("LANGUAGE"));
        }
        if self.eat_keyword(K::Specific) {
            self.identifier()?;
            return Ok(Some("SPECIFIC"));
        }
        if self.is_keyword(K::Deterministic) || self.is_keyword_at(1, K::Deterministic) && self.is_keyword(K::Not) {
            routine.deterministic = Some(!self.eat_not());
            self.advance();
            return Ok(Some("DETERMINISTIC"));
        }
        let phrases: [(&[&str], &str); 7] = [
            (&["contains", "sql"], "SQL DATA ACCESS"),
            (&["reads", "sql", "data"], "SQL DATA ACCESS"),
            (&["no", "sql"], "SQL DATA ACCESS"),
            (&["returns", "null", "on", "null", "input"], "NULL CALL"),
            (&["called", "on", "null", "input"], "NULL CALL"),
            (&["sql", "security", "definer"], "SQL SECURITY RIGHTS"),
            (&["sql", "security", "invoker"], "SQL SECURITY RIGHTS"),
        ];
        for (words, clause) in phrases {
            if words.iter().enumerate().all(|(ahead, word)| self.is_word_at(ahead, word)) {
                for _ in words {
                    self.advance();
                }
                return Ok(Some(clause));
            }
        }
        Ok(None)
    }

    /// `RETURN expression` and `RETURN query`, whose only row is the value.
    fn returned(&mut self) -> Result<Expression> {
        let from = self.mark();
        if !self.starts_query() {
            return self.expression();
        }
        let query = self.query()?;
        Ok(Expression::new(ExpressionKind::ScalarSubquery(Box::new(query)), self.origin(from)))
    }

    /// `DROP TEMPORARY FUNCTION [IF EXISTS] f`.
    pub(crate) fn drop_function(&mut self) -> Result<Command> {
        self.advance();
        let temporary = self.eat_one_of(&[K::Temporary, K::Temp]).is_some();
        self.expect_keyword(K::Function)?;
        let if_exists = self.if_exists();
        Ok(Command::DropFunction { name: self.multipart()?, if_exists, temporary })
    }
}

/// What `RETURNS` says.
enum Returns {
    Nothing,
    Type(floe_syntax::DataType),
    Table(Option<Vec<ColumnDefinition>>),
}
