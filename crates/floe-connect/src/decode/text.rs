//! The one door from the wire to the SQL parser: SQL text, expression strings, names, types and schemas as text.

use floe_base::Result;
use floe_syntax::{DataType, Expression, Statement};

use super::Scope;

pub(super) fn statement(scope: &Scope<'_>, text: &str) -> Result<Statement> {
    floe_sql::parse_statement(&scope.source(text)?)
}

pub(super) fn expression(scope: &Scope<'_>, text: &str) -> Result<Expression> {
    floe_sql::parse_expression(&scope.source(text)?)
}

/// The parts of a table's, view's or function's name.
pub(super) fn name(text: &str) -> Result<Vec<String>> {
    floe_sql::parse_multipart_identifier(text)
}

/// A type as DDL: `int`, `array<string>`, or a bare list of columns, which is a struct.
pub(crate) fn data_type_of_text(text: &str) -> Result<DataType> {
    floe_sql::parse_data_type(text)
}

/// A schema as clients send it: JSON when it starts like JSON, else DDL (a list of columns, or a type).
pub(crate) fn schema_of_text(text: &str) -> Result<DataType> {
    if text.trim_start().starts_with(['{', '"']) {
        return floe_sql::parse_json_type(text);
    }
    floe_sql::parse_schema(text)
}
