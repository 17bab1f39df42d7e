//! One commit engine for every statement and every backend.
//!
//! [`commit`] turns a [`Change`] into one snapshot: validate, write manifests (`produce.rs`), swap the table's pointer, and on
//! a conflict refresh and begin again (`commit.retry.*`). Three outcomes are kept apart: done; refused, where files of
//! ours are taken away again; and unknown, where no file is ever deleted and the table is asked whether our snapshot
//! is in it.
//!
//! `metadata.rs` commits what needs no snapshot, `validate.rs` holds the rules of isolation, `summary.rs` what a snapshot
//! says about itself, `purge.rs` the files of a dropped table.

mod metadata;
mod produce;
pub(crate) mod purge;
mod summary;
mod validate;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use datafusion::logical_expr::Expr;
use floe_base::{Error, Kind, Result};
use iceberg::spec::Struct;
use uuid::Uuid;

pub use self::metadata::{publish_staged, update_metadata};
use self::produce::Producer;
pub use self::summary::{ENGINE_NAME, OPERATION_ID};
use crate::catalog::{CommitError, Loaded};
use crate::table::Table;
use crate::write::NewFile;

/// What one snapshot does to a table.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The operation this is part of; stands in the snapshot's summary, so that a retry finds itself.
    pub operation_id: Option<String>,
    pub added: Vec<NewFile>,
    pub remove: Remove,
    pub validate: Option<Validate>,
    /// More entries for the summary.
    pub summary: BTreeMap<String, String>,
}

/// Which data files a snapshot takes away.
#[derive(Clone, Debug, Default)]
pub enum Remove {
    #[default]
    Nothing,
    /// These files, by path, all of which must still be there: copy-on-write.
    Files(HashSet<String>),
    /// Every file in a partition that `added` writes to: dynamic partition overwrite.
    AddedPartitions,
    /// Every file all of whose rows match; a file of which only some do is an error. The filters are joined by AND, their
    /// columns named as in the table.
    Matching(Vec<Expr>),
    /// Every file: TRUNCATE, DELETE without a condition, static INSERT OVERWRITE of a whole table.
    Everything,
}

/// What must not have happened since the rows were read.
#[derive(Clone, Debug)]
pub struct Validate {
    /// The snapshot the statement read; `None` when the table was empty then.
    pub since: Option<i64>,
    /// The rows the statement looked at; every row for an empty list.
    pub filter: Vec<Expr>,
    pub isolation: Isolation,
}

/// `write.<delete|update|merge>.isolation-level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Rows added meanwhile that the statement would have seen are a conflict, and what is one under snapshot isolation.
    Serializable,
    /// Only changes of rows the statement rewrites are.
    Snapshot,
}

/// The three statements that change rows in place; each has properties of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLevel {
    Delete,
    Update,
    Merge,
}

impl RowLevel {
    fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Update => "update",
            Self::Merge => "merge",
        }
    }
}

/// The isolation a table asks for (Iceberg 1.10: serializable unless set).
///
/// # Errors
/// A level that is neither of the two is named.
pub fn isolation(table: &Table, statement: RowLevel) -> Result<Isolation> {
    let key = format!("write.{}.isolation-level", statement.word());
    match table.metadata.properties().get(&key).map(String::as_str) {
        None | Some("serializable") => Ok(Isolation::Serializable),
        Some("snapshot") => Ok(Isolation::Snapshot),
        Some(other) => Err(Error::message(Kind::IllegalArgument, format!("table property {key} is unknown: {other}"))),
    }
}

/// Adds files: INSERT INTO. A staged table comes to be with it.
pub async fn append(table: &Table, added: Vec<NewFile>, operation_id: Option<String>) -> Result<Table> {
    commit(table, Change { added, operation_id, ..Change::default() }).await
}

/// Puts `added` in place of the files a statement rewrote: UPDATE, DELETE, MERGE as copy-on-write.
///
/// `removed` are the paths of the files that were read and rewritten, `filter` what the scan looked for (conflicts are judged
/// by it), the base snapshot that of `table`.
pub async fn overwrite_files(
    table: &Table,
    removed: HashSet<String>,
    added: Vec<NewFile>,
    filter: Vec<Expr>,
    isolation: Isolation,
    operation_id: Option<String>,
) -> Result<Table> {
    let since = table.snapshot().map(|snapshot| snapshot.snapshot_id());
    let validate = Some(Validate { since, filter, isolation });
    let change = Change { added, remove: Remove::Files(removed), validate, operation_id, ..Change::default() };
    commit(table, change).await
}

/// Replaces the partitions `added` writes to: INSERT OVERWRITE with `partitionOverwriteMode=dynamic`.
pub async fn overwrite_partitions(table: &Table, added: Vec<NewFile>, operation_id: Option<String>) -> Result<Table> {
    let summary = BTreeMap::from([("replace-partitions".to_string(), "true".to_string())]);
    commit(table, Change { added, remove: Remove::AddedPartitions, operation_id, summary, ..Change::default() }).await
}

/// Replaces every row matching `filter` (all rows for an empty one): static INSERT OVERWRITE, `overwrite(condition)`.
pub async fn overwrite_where(
    table: &Table,
    filter: Vec<Expr>,
    added: Vec<NewFile>,
    operation_id: Option<String>,
) -> Result<Table> {
    let remove = if filter.is_empty() { Remove::Everything } else { Remove::Matching(filter) };
    commit(table, Change { added, remove, operation_id, ..Change::default() }).await
}

/// Deletes every row: TRUNCATE TABLE, DELETE without a condition.
pub async fn delete_all(table: &Table, operation_id: Option<String>) -> Result<Table> {
    commit(table, Change { remove: Remove::Everything, operation_id, ..Change::default() }).await
}

/// Deletes whole files by their partition values and bounds; `None` when the filter does not decide every file as a whole,
/// so that rows have to be rewritten. A filter that takes no file makes a snapshot too, as in Iceberg 1.11.
pub async fn delete_files_where(
    table: &Table,
    filter: Vec<Expr>,
    operation_id: Option<String>,
) -> Result<Option<Table>> {
    if !produce::decides_whole_files(table, &filter).await? {
        return Ok(None);
    }
    let change = Change { remove: Remove::Matching(filter), operation_id, ..Change::default() };
    commit(table, change).await.map(Some)
}

/// Applies a change as one snapshot. See the module's text for what happens on conflict, refusal and silence.
///
/// On a definite refusal the change's own data files are deleted, as Spark's `SparkWrite.abort` does.
///
/// # Errors
/// `Kind::Conflict` when a concurrent commit won for good; `Kind::Operation` naming the snapshot id when the outcome is unknown.
pub async fn commit(table: &Table, change: Change) -> Result<Table> {
    let mut producer = Producer::new(table, change)?;
    let retry = Retry::of(table);
    let started = tokio::time::Instant::now();
    let mut base = table.clone();
    let mut attempt = 0;
    loop {
        let outcome = try_once(&mut producer, &base).await;
        let conflict = match outcome {
            Ok(loaded) => {
                producer.discard_stale(&loaded).await;
                return Ok(Table::of(&table.catalog, &table.ident, loaded));
            }
            Err(CommitError::Unknown(error)) => {
                let id = producer.snapshot_id;
                let landed = |fresh: &Table| fresh.metadata.snapshot_by_id(id).is_some();
                let hint = format!("its snapshot id is {id}, look for it in `{}.snapshots`", table.ident);
                return settle(table, landed, &hint, error).await;
            }
            Err(CommitError::Failed(error)) => {
                producer.discard_all().await;
                return Err(error);
            }
            Err(CommitError::Conflict(error)) => error,
        };
        attempt += 1;
        let out_of_time = started.elapsed() >= retry.total;
        // A staged table conflicts with somebody who created or altered it: its files carry ids that may be wrong now.
        if attempt > retry.times || out_of_time || table.is_staged() {
            producer.discard_all().await;
            return Err(conflict);
        }
        tracing::debug!(table = %table.ident, attempt, "commit conflicts; trying again");
        tokio::time::sleep(retry.wait(attempt)).await;
        base = match table.refresh().await {
            Ok(fresh) if fresh.metadata.uuid() == table.metadata.uuid() => fresh,
            Ok(_) => {
                producer.discard_all().await;
                let text = format!("table `{}` was dropped and created again meanwhile", table.ident);
                return Err(Error::message(Kind::Conflict, text));
            }
            Err(error) => {
                producer.discard_all().await;
                return Err(error);
            }
        };
    }
}

async fn try_once(producer: &mut Producer, base: &Table) -> Result<Loaded, CommitError> {
    if let Some(rules) = &producer.change.validate {
        // What validation finds stays true however often we try.
        let rewritten = match &producer.change.remove {
            Remove::Files(paths) => Some(paths),
            _ => None,
        };
        validate::validate(base, producer.branch(), rules, rewritten).await.map_err(CommitError::Failed)?;
    }
    let (requirements, updates) = producer.produce(base).await.map_err(CommitError::Failed)?;
    base.catalog.commit(&base.ident, requirements, updates).await
}

/// The outcome of a commit got lost on its way: the table itself knows it, `landed` sees it there.
///
/// Nothing is deleted here, found or not: what is not there yet may still be applied by a server that is slow.
async fn settle(table: &Table, landed: impl Fn(&Table) -> bool, hint: &str, error: Error) -> Result<Table> {
    let (times, wait) = status_checks(table);
    for _ in 0..times {
        match table.refresh().await {
            Ok(fresh) if landed(&fresh) => return Ok(fresh),
            Ok(_) => {}
            Err(reason) => tracing::warn!(table = %table.ident, %reason, "commit status check failed"),
        }
        tokio::time::sleep(wait).await;
    }
    let text = format!(
        "whether the commit to table `{}` was applied is unknown ({}); {hint} before running the statement again",
        table.ident,
        error.sentence()
    );
    Err(Error::message(Kind::Operation, text).caused_by(error))
}

fn status_checks(table: &Table) -> (u32, Duration) {
    let number = |key: &str, default: u64| {
        table.metadata.properties().get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let times = number("commit.status-check.num-retries", 3);
    let wait = number("commit.status-check.min-wait-ms", 1000);
    (u32::try_from(times).unwrap_or(3).max(1), Duration::from_millis(wait))
}

/// Twice as often as Iceberg's 4: the rows are written, and to try again is little beside writing them again.
const RETRIES: u32 = 8;

/// `commit.retry.*`, Iceberg 1.10 `TableProperties`, with its other defaults.
struct Retry {
    times: u32,
    min: Duration,
    max: Duration,
    total: Duration,
}

impl Retry {
    fn of(table: &Table) -> Self {
        let number = |key: &str, default: u64| {
            table.metadata.properties().get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        Self {
            times: u32::try_from(number("commit.retry.num-retries", RETRIES.into())).unwrap_or(RETRIES),
            min: Duration::from_millis(number("commit.retry.min-wait-ms", 100)),
            max: Duration::from_millis(number("commit.retry.max-wait-ms", 60_000)),
            total: Duration::from_millis(number("commit.retry.total-timeout-ms", 1_800_000)),
        }
    }

    /// Doubles each time and varies by half, so that writers that collided once do not collide again.
    fn wait(&self, attempt: u32) -> Duration {
        let doubled = self.min.saturating_mul(1 << attempt.min(16).saturating_sub(1)).min(self.max);
        doubled.mul_f64(rand::random_range(0.5..1.0))
    }
}

/// A snapshot id as Java makes it: a random UUID folded, never negative.
fn new_snapshot_id() -> i64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    i64::try_from((high ^ low) & 0x7fff_ffff_ffff_ffff).unwrap_or(i64::MAX)
}

/// A partition under a spec.
pub(crate) type Partition = (i32, Struct);
