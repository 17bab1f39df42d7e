//! A decision as rows and as text: `EXPLAIN ROUTE`, the log, `system.routes`.

use floe_base::id::BackendId;

use crate::Decision;
use crate::decide::human;

/// One line of `EXPLAIN ROUTE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub backend: BackendId,
    pub chosen: bool,
    pub reason: String,
    /// What it is expected to take there; empty where nobody knows.
    pub cost: String,
}

impl Decision {
    /// The chosen backend first, then the others with what spoke against them.
    pub fn lines(&self) -> Vec<Line> {
        let line = |backend: BackendId, chosen: bool, reason: String| {
            let cost = self.cost(backend).map(|cost| cost.to_string()).unwrap_or_default();
            Line { backend, chosen, reason, cost }
        };
        let chosen = line(self.backend, true, self.reasons.join("; "));
        let others = self.rejected.iter().map(|(backend, why)| line(*backend, false, why.clone()));
        std::iter::once(chosen).chain(others).collect()
    }

    /// One line for a log: `datafusion: runs in process; 1 table, 40.0 MB to scan`.
    pub fn summary(&self) -> String {
        format!("{}: {}", self.backend, self.reasons.join("; "))
    }

    /// What it is expected to take, on each backend that could run it: `datafusion: 227 ms; duckdb: 123 ms`.
    pub fn cost_of_all(&self) -> String {
        self.costs.iter().map(|(backend, cost)| format!("{backend}: {cost}")).collect::<Vec<_>>().join("; ")
    }

    /// The estimate in words.
    pub fn estimate(&self) -> String {
        format!("{} in {} rows", human(self.bytes), self.rows)
    }
}
