//! Spark SQL's text to the unresolved tree of `floe-syntax` (grammar of Spark 4.1, with Iceberg's extensions), and the
//! resolved plan to the SQL of another engine: [`write`].
//!
//! Hand-written: [`lexer`] cuts the text into tokens without copying, [`parser`] is the cursor over them, `parse/` holds
//! the grammar with one file per statement or clause. Nothing is resolved here; names keep their case.
//!
//! Errors are Spark's: kind `Parse`, its condition, and the place of the token that did not fit. Texts nest at most
//! 1,000 levels and chain at most 5,000 operators (`FAILED_TO_PARSE_TOO_COMPLEX` beyond that). The parser grows its own
//! stack, but who walks or drops the tree of such a text recurses as deep: do it on a thread with a big stack.

mod called;
mod hinted;
mod interval;
mod json_type;
mod keyword;
mod lexer;
mod literal;
mod parse;
mod parser;
mod token;
pub mod write;

use std::sync::Arc;

use floe_base::Result;
use floe_base::origin::SqlSource;
use floe_syntax::routine::Routine;
use floe_syntax::{DataType, Expression, Field, Relation, Statement};

pub use called::called;
pub use hinted::without_hint;
pub use json_type::parse_json_type;

use crate::parser::Parser;

/// One statement. Semicolons behind it are fine, a second statement is `PARSE_SYNTAX_ERROR`.
///
/// ```
/// use floe_base::origin::SqlSource;
///
/// let statement = floe_sql::parse_statement(&SqlSource::new("SELECT 1;"));
/// assert!(statement.is_ok());
/// ```
pub fn parse_statement(source: &Arc<SqlSource>) -> Result<Statement> {
    Parser::run(source, Parser::single_statement)
}

/// One query, as a view's text is.
pub fn parse_query(source: &Arc<SqlSource>) -> Result<Relation> {
    Parser::run(source, Parser::query)
}

/// What stands behind a function's name in `CREATE FUNCTION`.
pub fn parse_routine(source: &Arc<SqlSource>) -> Result<Routine> {
    Parser::run(source, Parser::routine)
}

/// One expression with an optional alias, as `selectExpr` and `expr` take it.
pub fn parse_expression(source: &Arc<SqlSource>) -> Result<Expression> {
    Parser::run(source, Parser::named_expression)
}

/// One data type: `array<int>`, `DECIMAL(10,2)`.
pub fn parse_data_type(text: &str) -> Result<DataType> {
    Parser::run(&SqlSource::new(text), Parser::single_data_type)
}

/// A schema as DDL: `a INT NOT NULL COMMENT 'x', b ARRAY<STRING>` becomes a struct; a single type stays that type; the
/// members of a struct alone (`a: int, b: string`) become that struct. The three are tried in Spark's order
/// (`SparkConnectPlanner.parseDatatypeString`, 4.1), and the first error is the one reported.
pub fn parse_schema(text: &str) -> Result<DataType> {
    let first = match Parser::run(&SqlSource::new(text), |parser| parser.list(|parser| parser.field(false))) {
        Ok(fields) => return Ok(DataType::Struct(fields)),
        Err(error) => error,
    };
    let single = parse_data_type(text);
    single.or_else(|_| parse_data_type(&format!("struct<{}>", text.trim()))).map_err(|_| first)
}

/// A schema as DDL that must be columns: `a INT, b STRING`.
pub fn parse_table_schema(text: &str) -> Result<Vec<Field>> {
    Parser::run(&SqlSource::new(text), |parser| parser.list(|parser| parser.field(false)))
}

/// A name of one or more parts: ``a.`b c`.d``.
pub fn parse_multipart_identifier(text: &str) -> Result<Vec<String>> {
    Parser::run(&SqlSource::new(text), Parser::multipart)
}
