//! Where a piece of a query came from: a span of SQL text, or a line of the client's program.
//!
//! Every node of the unresolved tree carries an [`Origin`]; errors turn it into Spark's query context
//! (`== SQL (line 1, position 8) ==` with the fragment underlined). Rendering lives in `error.rs`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The text a span points into, and the view it belongs to when it is not the client's own statement.
#[derive(Debug)]
pub struct SqlSource {
    pub text: Arc<str>,
    /// `Some(("VIEW", "spark_catalog.default.v"))` inside a view's text; errors then name the view.
    pub object: Option<(String, String)>,
    /// Strings are taken as they are written (`spark.sql.parser.escapedStringLiterals`).
    pub raw_strings: bool,
}

impl SqlSource {
    pub fn new(text: impl Into<Arc<str>>) -> Arc<Self> {
        Self::of_session(text, false)
    }

    /// A text as a session reads it.
    pub fn of_session(text: impl Into<Arc<str>>, raw_strings: bool) -> Arc<Self> {
        Arc::new(Self { text: text.into(), object: None, raw_strings })
    }
}

/// Where a node came from. Two origins always compare equal: an expression means the same wherever it is written,
/// so that `GROUP BY a + 1` matches `SELECT a + 1` and common subexpressions are found.
#[derive(Clone, Debug, Default)]
pub enum Origin {
    #[default]
    Unknown,
    /// Bytes `start..stop` of the text.
    Sql { source: Arc<SqlSource>, start: u32, stop: u32 },
    /// The DataFrame method and the line of the client's program that called it.
    CallSite(Arc<CallSite>),
}

/// A call of the client's program, as PySpark reports it.
#[derive(Debug)]
pub struct CallSite {
    /// The method, such as `divide`.
    pub fragment: String,
    /// Its place, such as `/home/a/job.py:12`.
    pub place: String,
}

impl Origin {
    /// The smallest span that covers both, when both point into the same text; else the first.
    #[must_use]
    pub fn to(&self, other: &Origin) -> Origin {
        match (self, other) {
            (Origin::Sql { source, start, stop }, Origin::Sql { source: right, start: from, stop: until })
                if Arc::ptr_eq(source, right) =>
            {
                Origin::Sql { source: source.clone(), start: *start.min(from), stop: *stop.max(until) }
            }
            (Origin::Unknown, _) => other.clone(),
            _ => self.clone(),
        }
    }

    /// The text the span covers; empty when unknown.
    pub fn fragment(&self) -> &str {
        match self {
            Origin::Unknown => "",
            Origin::Sql { source, start, stop } => source.text.get(*start as usize..*stop as usize).unwrap_or(""),
            Origin::CallSite(call) => &call.fragment,
        }
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Origin {}
impl PartialOrd for Origin {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Origin {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}
impl Hash for Origin {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
