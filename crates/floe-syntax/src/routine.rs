//! Functions that users make (`CREATE FUNCTION`): what stands behind their names. What a call of one means is
//! `floe-plan`'s (`routine.rs`).

use crate::command::ColumnDefinition;
use crate::{DataType, Expression, Relation};

/// `CREATE [OR REPLACE] [TEMPORARY] FUNCTION [IF NOT EXISTS] name …`.
#[derive(Clone, Debug)]
pub struct CreateFunction {
    pub name: Vec<String>,
    pub or_replace: bool,
    pub temporary: bool,
    pub if_not_exists: bool,
    /// All that stands behind the name, as it was written: it can be read again.
    pub text: String,
    pub routine: Routine,
}

/// What a function does, and what is told of it.
#[derive(Clone, Debug, Default)]
pub struct Routine {
    pub parameters: Vec<ColumnDefinition>,
    pub comment: Option<String>,
    /// `None` where nobody says.
    pub deterministic: Option<bool>,
    pub body: RoutineBody,
}

/// Where the answers of a function come from.
#[derive(Clone, Debug)]
pub enum RoutineBody {
    /// A class of Java's by name: only a JVM can call it.
    Class(String),
    /// `RETURN expression`. Without `RETURNS` the type is the expression's own.
    Value { returns: Option<DataType>, value: Expression },
    /// `RETURNS TABLE [(columns)] RETURN query`.
    Rows { columns: Option<Vec<ColumnDefinition>>, query: Relation },
}

impl Default for RoutineBody {
    fn default() -> Self {
        Self::Class(String::new())
    }
}
