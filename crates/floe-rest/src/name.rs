//! Names as addresses and bodies carry them.

use floe_iceberg::catalog::Ident;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// Between the levels of a namespace in an address.
const SEPARATOR: char = '\u{1f}';

/// A table's or view's name in a body.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Identifier {
    pub(crate) namespace: Vec<String>,
    pub(crate) name: String,
}

impl Identifier {
    pub(crate) fn ident(self) -> Result<Ident, Refusal> {
        known_namespace(&self.namespace)?;
        named(self.namespace, self.name)
    }
}

/// The namespace of an address.
pub(crate) fn namespace(text: &str) -> Result<Vec<String>, Refusal> {
    let levels: Vec<String> = text.split(SEPARATOR).map(str::to_string).collect();
    known_namespace(&levels)?;
    Ok(levels)
}

/// The table or view of an address.
pub(crate) fn ident((space, name): (String, String)) -> Result<Ident, Refusal> {
    named(namespace(&space)?, name)
}

/// A namespace that shall be made: the embedded catalog writes its levels with dots between, as Iceberg's `JdbcCatalog` does.
pub(crate) fn new_namespace(levels: &[String]) -> Result<(), Refusal> {
    let wrong = |level: &String| level.is_empty() || level.contains('.');
    match levels.iter().find(|level| wrong(level)) {
        Some(level) => Err(Refusal::wrong(format!("a level of a namespace is not empty and has no dot: `{level}`"))),
        None if levels.is_empty() => Err(Refusal::wrong("a namespace has at least one level")),
        None => Ok(()),
    }
}

pub(crate) fn named(namespace: Vec<String>, name: String) -> Result<Ident, Refusal> {
    match name.is_empty() {
        true => Err(Refusal::wrong("a table or view has a name")),
        false => Ok(Ident { namespace, name }),
    }
}

/// A namespace that cannot be made is not there.
fn known_namespace(levels: &[String]) -> Result<(), Refusal> {
    new_namespace(levels).map_err(|_| Refusal::no_namespace(levels))
}
