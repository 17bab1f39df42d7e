//! What is known of a query before it runs.

use std::collections::BTreeSet;

use floe_base::id::BackendId;

/// How much larger rows are in memory than in a Parquet file.
const PACKED: u64 = 2;

/// The facts a decision rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub tables: Vec<TableFacts>,
    /// Spark names of the functions in the plan.
    pub functions: BTreeSet<String>,
    /// Kinds of operators in the plan: `join`, `aggregate`, `window`, `sort`, …
    pub operators: BTreeSet<String>,
    pub shape: Shape,
    /// An aggregate over files is expected to make more groups than memory holds.
    pub is_crowded: bool,
    /// `Some("INSERT INTO …")`-like words where the statement writes.
    pub writes: Option<String>,
    /// What only a JVM or a Python worker can run, by name.
    pub external: Vec<String>,
    /// It reads no table and tells what the session's catalog is called. Only the session knows: to a Spark our own catalog
    /// has another name.
    pub of_session: bool,
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
    /// What this query reads of it.
    pub reads: Reads,
}

/// What a query reads of a table, over all its scans there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Bytes of the columns it looks at; `None` where they are not known.
    pub bytes: Option<u64>,
    pub rows: Option<u64>,
    /// Bytes of one row in memory, of those columns.
    pub row_bytes: u64,
    /// The files are plain ones on this machine, which each engine of this process can open itself.
    pub in_place: bool,
    /// The same, but for their place: an engine opens them itself if it fetches files.
    pub is_remote: bool,
}

/// What a plan does with the rows it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    pub scans: u32,
    pub joins: u32,
    /// DISTINCT among them.
    pub aggregates: u32,
    pub sorts: u32,
    pub windows: u32,
    pub whole_joins: Vec<WholeJoin>,
    /// A source whose rows come in an order that users rely on: their own data, a range.
    pub ordered_source: Option<String>,
    /// A function whose result depends on the order of the rows, or on where they are.
    pub by_order: Option<String>,
}

/// A join of tables of which no row is left out before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WholeJoin {
    /// Of the larger side.
    pub rows: u64,
    /// Of the smaller side.
    pub with: u64,
}

impl Shape {
    /// The operators that take time: those that must see many rows before they can give one.
    pub fn steps(&self) -> u32 {
        self.joins + self.aggregates + self.sorts + self.windows
    }
}

impl TableFacts {
    /// About how many rows the query reads of it, where nobody has counted them.
    pub fn reads_rows(&self) -> u64 {
        self.reads.rows.unwrap_or(PACKED * self.reads_bytes() / self.reads.row_bytes.max(1))
    }

    /// Bytes the query reads of it; 0 where nobody knows.
    pub fn reads_bytes(&self) -> u64 {
        self.reads.bytes.unwrap_or(0)
    }
}

impl Facts {
    /// Bytes to read; tables of unknown size do not count.
    pub fn bytes(&self) -> u64 {
        self.tables.iter().map(TableFacts::reads_bytes).sum()
    }

    /// Rows to read; tables of unknown size do not count.
    pub fn rows(&self) -> u64 {
        self.tables.iter().filter_map(|table| table.reads.rows).sum()
    }
}
