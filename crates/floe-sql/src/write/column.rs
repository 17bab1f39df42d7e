//! The names of columns in the text.

use arrow_schema::FieldRef;
use datafusion::common::{Column, DFSchema, TableReference};

use super::Writer;

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

impl Writer<'_> {
    /// The quoted names of the columns that are needed, in order.
    pub(super) fn columns(self, schema: &DFSchema) -> Vec<String> {
        self.needed_of(schema)
            .map(|index| schema.qualified_field(index))
            .map(|(relation, field)| quote(&name(relation, field.name())))
            .collect()
    }

    /// The places of the columns that are needed.
    pub(super) fn needed_of(self, schema: &DFSchema) -> impl Iterator<Item = usize> {
        let is_needed = move |(index, (relation, field)): (usize, (Option<&TableReference>, &FieldRef))| {
            self.needed.has(relation, field.name()).then_some(index)
        };
        schema.iter().enumerate().filter_map(is_needed)
    }
}

pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
