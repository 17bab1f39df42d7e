//! One statement: a query, or a command.

use crate::{Command, Relation};

/// What a client sends to be run: it yields rows, or it does something.
#[derive(Clone, Debug)]
pub enum Statement {
    Query(Relation),
    Command(Box<Command>),
}
