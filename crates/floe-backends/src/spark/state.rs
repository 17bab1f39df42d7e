//! What a session upstream must hold before an operation runs there.
//!
//! The engine says what there should be; [`Upstream`](super::Upstream) knows what there is, and does what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use floe_base::Result;
use floe_catalog::view::Made;

/// What the session here is like, as far as the operation can see it.
#[derive(Clone)]
pub struct State {
    /// The settings in force.
    pub conf: BTreeMap<String, String>,
    /// What is made, in this order; what is there already is left alone.
    pub steps: Vec<Step>,
    /// The keys of the temp views there are: others of this session upstream are dropped.
    pub views: BTreeSet<String>,
    /// The current catalog and namespace, where they are known upstream too.
    pub current: Option<(String, Vec<String>)>,
    /// Data the operation refers to by its hash.
    pub cached: Vec<String>,
    pub wire: Arc<dyn Wire>,
}

/// One thing to be made.
#[derive(Clone, Debug)]
pub struct Step {
    /// `view v`, `global v`, `function f`: what stands in the place of what.
    pub key: String,
    pub version: u64,
    pub how: How,
    /// Wanted only while this one is made; once that is there, this need not be made again.
    pub only_for: Option<(String, u64)>,
}

#[derive(Clone, Debug)]
pub enum How {
    /// By the message that made it here.
    Message(Arc<Made>),
    /// A temp view of these rows, an Arrow stream.
    Rows { name: String, is_global: bool, rows: Bytes },
}

/// What only the wire knows and a Spark wants: uploads, and rows as Spark reads them.
pub trait Wire: Send + Sync {
    /// The names of the files uploaded so far that code may need: `pyfiles/a.py`.
    fn files(&self) -> Vec<String>;

    /// An upload's content.
    fn upload(&self, name: &str) -> Option<Bytes>;

    /// Rows as an Arrow stream in Spark's types.
    fn rows(&self, rows: &RecordBatch) -> Result<Bytes>;
}
