//! What a session upstream must hold before an operation runs there.
//!
//! The engine says what there should be; [`Upstream`](super::Upstream) knows what there is, and does what is missing.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use bytes::Bytes;
use floe_base::Result;
use floe_catalog::view::Made;
use floe_syntax::Message;

/// What the session here is like, as far as the operation can see it.
#[derive(Clone)]
pub struct State {
    /// The settings in force.
    pub conf: BTreeMap<String, String>,
    /// What is made, in this order; what is there already is left alone.
    pub steps: Vec<Step>,
    /// The keys of the temp views, functions and variables there are: others of this session upstream are dropped.
    pub present: BTreeSet<String>,
    /// The views that stand for frames kept here, by the frames' ids.
    pub frames: BTreeMap<String, String>,
    /// The current catalog and namespace, where they are known upstream too.
    pub current: Option<(String, Vec<String>)>,
    /// An Iceberg table that the operation reads, writes or makes.
    pub iceberg: Option<String>,
    /// Data the operation refers to by its hash.
    pub cached: Vec<String>,
    /// Whatever keeps the files of [`How::Files`] where they are.
    pub files: Vec<Arc<dyn Any + Send + Sync>>,
    pub wire: Arc<dyn Wire>,
}

/// One thing to be made.
#[derive(Clone, Debug)]
pub struct Step {
    /// `view v`, `global v`, `function f`, `variable x`: what stands in the place of what.
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
    /// A temp view of these Parquet files, whose columns are written as DDL.
    Files { name: String, is_global: bool, schema: String, path: String },
    /// A variable of this type, its value the only one of these rows, an Arrow stream.
    Variable { name: String, data_type: String, rows: Bytes },
    /// A function, by what stands behind its name in the statement that made it.
    Function { name: String, text: String },
}

/// What only the wire knows and a Spark wants: uploads, and rows as Spark reads them.
pub trait Wire: Send + Sync {
    /// The names of the files uploaded so far that code may need: `pyfiles/a.py`.
    fn files(&self) -> Vec<String>;

    /// An upload's content.
    fn upload(&self, name: &str) -> Option<Bytes>;

    /// Rows as an Arrow stream in Spark's types.
    fn rows(&self, rows: &RecordBatch) -> Result<Bytes>;

    /// A message that asks for the rows another one writes; `None` where they are no query of their own.
    fn source(&self, message: &Message) -> Result<Option<Message>>;

    /// The rows in one of Spark's answers; most of them are of rows.
    fn batch(&self, answer: &Bytes) -> Result<Option<RecordBatch>>;
}
