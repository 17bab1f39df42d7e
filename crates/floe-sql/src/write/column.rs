//! The names of columns in the text.

use datafusion::common::{Column, DFSchema, TableReference};

/// The name of a plan's column, unquoted: `c12` for the id `#12`, and for the columns of scans table and name.
pub fn name(relation: Option<&TableReference>, name: &str) -> String {
    match (relation, name.strip_prefix('#')) {
        (None, Some(id)) if id.bytes().all(|letter| letter.is_ascii_digit()) => format!("c{id}"),
        (None, _) => name.to_string(),
        (Some(relation), _) => format!("{relation}.{name}"),
    }
}

/// The same, quoted.
pub(super) fn quoted(column: &Column) -> String {
    quote(&name(column.relation.as_ref(), &column.name))
}

/// The quoted names of a schema's columns, in order.
pub(super) fn all(schema: &DFSchema) -> Vec<String> {
    schema.iter().map(|(relation, field)| quote(&name(relation, field.name()))).collect()
}

pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
