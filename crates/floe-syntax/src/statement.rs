//! One statement: a query, or a command.

use floe_base::{Error, Result};

use crate::{Command, Expression, Relation, RelationKind};

/// What a client sends to be run: it yields rows, or it does something.
#[derive(Clone, Debug)]
pub enum Statement {
    Query(Relation),
    Command(Box<Command>),
}

/// Values for the parameters of a text: by name, or by position.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    pub named: Vec<(String, Expression)>,
    pub positional: Vec<Expression>,
}

impl Statement {
    /// Puts the arguments around the query of the statement. Parameters elsewhere in a command stay unbound, and the
    /// resolver says so.
    ///
    /// # Errors
    /// A command without a query that parameters could stand in.
    pub fn bind(self, arguments: Arguments) -> Result<Self> {
        if arguments.named.is_empty() && arguments.positional.is_empty() {
            return Ok(self);
        }
        match self {
            Self::Query(query) => Ok(Self::Query(arguments.around(query))),
            Self::Command(command) => Ok(Self::Command(Box::new(command.bind(arguments)?))),
        }
    }
}

impl Command {
    fn bind(self, arguments: Arguments) -> Result<Self> {
        Ok(match self {
            Self::Insert(mut insert) => {
                insert.source = arguments.around(insert.source);
                Self::Insert(insert)
            }
            Self::CreateTable(mut create) => {
                create.query = create.query.map(|query| arguments.around(query));
                Self::CreateTable(create)
            }
            Self::Merge(mut merge) => {
                merge.source = arguments.around(merge.source);
                Self::Merge(merge)
            }
            Self::SetVariable { names, source } => Self::SetVariable { names, source: arguments.around(source) },
            Self::Explain { mode, statement } => {
                Self::Explain { mode, statement: Box::new(statement.bind(arguments)?) }
            }
            _ => return Err(Error::unsupported("a parameter in this kind of command")),
        })
    }
}

impl Arguments {
    fn around(self, input: Relation) -> Relation {
        let origin = input.origin.clone();
        Relation::new(RelationKind::Parameters { input, named: self.named, positional: self.positional }, origin)
    }
}
