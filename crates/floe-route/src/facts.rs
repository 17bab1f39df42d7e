//! What is known of a query before it runs.

use std::collections::BTreeSet;

use floe_base::id::BackendId;

/// The facts a decision rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub tables: Vec<TableFacts>,
    /// Spark names of the functions in the plan.
    pub functions: BTreeSet<String>,
    /// Kinds of operators in the plan: `join`, `aggregate`, `window`, `sort`, …
    pub operators: BTreeSet<String>,
    /// `Some("INSERT INTO …")`-like words where the statement writes.
    pub writes: Option<String>,
    /// What only a JVM or a Python worker can run, by name.
    pub external: Vec<String>,
    /// Why the query could not be lowered at all; nothing else is known then.
    pub opaque: Option<String>,
}

/// One table of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFacts {
    pub name: String,
    pub format: String,
    pub bytes: Option<u64>,
    pub rows: Option<u64>,
    /// The backends that can reach it.
    pub reachable: Vec<BackendId>,
}

impl Facts {
    /// Bytes to read; tables of unknown size do not count.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().filter_map(|table| table.bytes).sum()
    }

    /// Rows to read; tables of unknown size do not count.
    pub fn rows(&self) -> u64 {
        self.tables.iter().filter_map(|table| table.rows).sum()
    }
}
