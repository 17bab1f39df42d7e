//! What a backend can do.

use std::collections::BTreeSet;

use floe_base::id::BackendId;

/// What a plan took in its latest runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    pub micros: u64,
    pub runs: u32,
}

/// What a backend says of one plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opinion {
    /// Something in it that does not mean the same there.
    pub objection: Option<String>,
    /// About how many values the backend would have another one compute.
    pub called_back: u64,
    /// It opens files in object storage itself.
    pub fetches: bool,
}

/// A backend as the router sees it.
#[derive(Clone, Debug)]
pub struct Capability {
    pub backend: BackendId,
    /// `Err` says why it is not there and which setting would bring it.
    pub available: Result<(), String>,
    /// The functions that mean the same there as in Spark; `None`: all that the resolver knows.
    pub functions: Option<BTreeSet<String>>,
    /// The operators it runs; `None`: all.
    pub operators: Option<BTreeSet<String>>,
    /// What it says of this very plan, where it was asked.
    pub opinion: Opinion,
    /// What this plan took there before.
    pub measured: Option<Measured>,
    /// It takes the client's own message: queries that were never lowered, and code for a JVM or Python.
    pub takes_origin: bool,
    /// It shares this process and its memory.
    pub in_process: bool,
}

impl Capability {
    /// A backend that is there, and runs whatever the resolver knows.
    pub fn present(backend: BackendId) -> Self {
        Self {
            backend,
            available: Ok(()),
            functions: None,
            operators: None,
            opinion: Opinion::default(),
            measured: None,
            takes_origin: backend == BackendId::Spark,
            in_process: matches!(backend, BackendId::DataFusion | BackendId::DuckDb),
        }
    }

    /// A backend that is not configured.
    pub fn absent(backend: BackendId, why: impl Into<String>) -> Self {
        Self { available: Err(why.into()), in_process: false, ..Self::present(backend) }
    }
}
