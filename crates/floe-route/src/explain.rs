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
}

impl Decision {
    /// The chosen backend first, then the others with what spoke against them.
    pub fn lines(&self) -> Vec<Line> {
        let chosen = Line { backend: self.backend, chosen: true, reason: self.reasons.join("; ") };
        let others =
            self.rejected.iter().map(|(backend, why)| Line { backend: *backend, chosen: false, reason: why.clone() });
        std::iter::once(chosen).chain(others).collect()
    }

    /// One line for a log: `datafusion: runs in process; 1 table, 40.0 MB to scan`.
    pub fn summary(&self) -> String {
        format!("{}: {}", self.backend, self.reasons.join("; "))
    }

    /// The estimate in words.
    pub fn estimate(&self) -> String {
        format!("{} in {} rows", human(self.bytes), self.rows)
    }
}
