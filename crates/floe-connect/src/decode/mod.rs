//! Connect messages become the unresolved tree; nothing is resolved here, and nothing after here knows the wire.
//!
//! One file per family. Differences between client versions (3.5 to 4.3) end in these files: a deprecated field is read
//! where its successor is missing, and no one behind this module can tell.
//!
//! | file | what |
//! |---|---|
//! | [`relation`] | the 62 kinds of relation, each sent to its family |
//! | `source`, `local`, `operator`, `aggregate`, `join`, `statistic`, `sql` | the families |
//! | [`expression`], `window`, `subquery`, [`literal`], [`data_type`] | what relations hold |
//! | [`command`], `write`, `merge`, `catalog` | what does something |
//! | `name`, `origin` | `a.b.c` with back-ticks; call sites |
//! | [`compressed`] | plans that travel compressed |
//! | `text` | the one door to the SQL parser |
//!
//! Every function here recurses over what a client sent. Callers run them where the stack is big
//! (`floe_engine::deep`); [`Scope`] bounds the depth, also where references make a tree deeper than its message.

mod aggregate;
mod catalog;
pub(crate) mod command;
pub(crate) mod compressed;
pub(crate) mod data_type;
pub(crate) mod expression;
mod join;
pub(crate) mod literal;
mod local;
mod merge;
mod name;
mod operator;
mod origin;
pub(crate) mod relation;
mod source;
mod sql;
mod statistic;
mod subquery;
mod text;
mod window;
mod write;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use floe_base::{Error, Kind, Result, SqlSource};
use floe_proto::connect as proto;
use floe_proto::connect::plan::OpType;
use floe_syntax::{Relation, Statement};

pub(crate) use command::Asked;
pub(crate) use sql::whole_text;
pub(crate) use text::schema_of_text;

/// Messages and references together may not nest deeper than this; the codec's own limit is lower.
const DEPTH_MAX: usize = 2_400;
/// A reference may be used many times, and those inside it too; this many nodes is where we stop copying.
const NODES_MAX: usize = 4_000_000;

/// Where a session's uploaded data is found by its hash.
pub(crate) trait Artifacts {
    fn cached(&self, hash: &str) -> Option<Bytes>;

    /// The server-side id of the session, for errors.
    fn session(&self) -> &str;
}

/// What decoding needs besides the message: the session's uploads and the relations that others refer to by plan id.
pub(crate) struct Scope<'a> {
    artifacts: &'a dyn Artifacts,
    /// The session whose settings say how SQL texts are read.
    session: Option<&'a floe_engine::Session>,
    references: RefCell<HashMap<i64, proto::Relation>>,
    depth: Cell<usize>,
    nodes: Cell<usize>,
    streaming: Cell<bool>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(artifacts: &'a dyn Artifacts) -> Self {
        Self {
            artifacts,
            session: None,
            references: RefCell::default(),
            depth: Cell::new(0),
            nodes: Cell::new(0),
            streaming: Cell::new(false),
        }
    }

    #[must_use]
    pub(crate) fn of(mut self, session: &'a floe_engine::Session) -> Self {
        self.session = Some(session);
        self
    }

    /// A SQL text, ready for the parser.
    fn source(&self, text: &str) -> Result<Arc<SqlSource>> {
        match self.session {
            Some(session) => session.source(text),
            None => Ok(SqlSource::new(text)),
        }
    }

    /// True when a streaming source was among what was decoded.
    pub(crate) fn has_streaming_source(&self) -> bool {
        self.streaming.get()
    }

    /// Runs one level further down.
    fn deeper<R>(&self, run: impl FnOnce() -> Result<R>) -> Result<R> {
        let (depth, nodes) = (self.depth.get() + 1, self.nodes.get() + 1);
        if depth > DEPTH_MAX || nodes > NODES_MAX {
            return Err(invalid(
                "the plan is too deep or too large; save an intermediate result, or call localCheckpoint() on it",
            ));
        }
        self.depth.set(depth);
        self.nodes.set(nodes);
        let result = run();
        self.depth.set(depth - 1);
        result
    }
}

/// What a whole plan asks for.
///
/// # Errors
/// When a part is missing, unknown, or does not parse.
pub(crate) fn plan(scope: &Scope<'_>, plan: Option<proto::Plan>) -> Result<Asked> {
    match plan.and_then(|plan| plan.op_type) {
        Some(OpType::Root(root)) => Ok(Asked::Rows(sql::command_input(scope, root)?)),
        Some(OpType::Command(command)) => command::decode(scope, command),
        Some(OpType::CompressedOperation(_)) => Err(Error::internal("a compressed plan reached the decoder")),
        None => Err(Error::message(Kind::Unsupported, "OPTYPE_NOT_SET not supported.")),
    }
}

/// The relation of a plan that must hold one: what `AnalyzePlan` takes.
///
/// # Errors
/// As [`plan`]; and when the plan is a command.
pub(crate) fn root(scope: &Scope<'_>, asked: Option<proto::Plan>) -> Result<Relation> {
    match plan(scope, asked)? {
        Asked::Rows(Statement::Query(relation)) => Ok(relation),
        Asked::Sql { statement: Statement::Query(relation), .. } => Ok(relation),
        _ => Err(invalid("a command cannot be analyzed; execute it")),
    }
}

/// Spark 4.1's error for a message that is no plan: its condition is `INTERNAL_ERROR`, whoever is to blame.
pub(crate) fn invalid(text: impl Into<String>) -> Error {
    Error::new(Kind::InvalidPlan, "INTERNAL_ERROR").with("message", text.into())
}

/// Spark's answer to a `oneof` without a value, or with one newer than the server.
fn not_set(full_name: &str) -> Error {
    let (message, field) = full_name.rsplit_once('.').unwrap_or(("", full_name));
    let case = field.replace('_', "").to_uppercase();
    invalid(format!("This oneOf field in {message} is not set: {case}_NOT_SET"))
}

/// Spark's answer to an enum left at its zero.
fn unspecified(full_name: &str, value: &str) -> Error {
    invalid(format!("This enum value of {full_name} is invalid: {value}(0)"))
}

/// A message that must be there and is not.
fn missing(full_name: &str) -> Error {
    invalid(format!("the plan lacks {full_name}"))
}

/// Options of a map field, in an order that does not change from run to run.
fn sorted(options: HashMap<String, String>) -> Vec<(String, String)> {
    let mut sorted: Vec<_> = options.into_iter().collect();
    sorted.sort();
    sorted
}

#[cfg(test)]
mod tests;
