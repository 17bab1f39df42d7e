//! The one door from the wire to the SQL parser: SQL text, expression strings, types and schemas as text.

use floe_base::Result;
use floe_syntax::{DataType, Expression, Statement};

use super::schema_json;

pub(super) fn statement(text: &str) -> Result<Statement> {
    Err(pending(text))
}

pub(super) fn expression(text: &str) -> Result<Expression> {
    Err(pending(text))
}

/// A type as DDL: `int`, `array<string>`, or a bare list of columns, which is a struct.
pub(crate) fn data_type_of_text(text: &str) -> Result<DataType> {
    Err(pending(text))
}

/// A schema as clients send it: JSON when it starts like JSON, else DDL (a type, or a list of columns).
pub(crate) fn schema_of_text(text: &str) -> Result<DataType> {
    if text.trim_start().starts_with(['{', '"']) {
        return schema_json::decode(text);
    }
    Err(pending(text))
}

fn pending(text: &str) -> floe_base::Error {
    floe_base::Error::unsupported(text)
}
