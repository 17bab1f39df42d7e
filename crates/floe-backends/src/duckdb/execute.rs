//! How a plan runs: written down, run on a thread that may wait, its rows handed over as they come.
//!
//! A value that raises in DuckDB, by its rules or in a foreign expression, may be one that Spark would never look at, or
//! one for which Spark has other words. So as long as no row has been handed over, who asked is told to ask DataFusion
//! instead, whose answer is Spark's: reading has no effects that could happen twice.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::logical_expr::LogicalPlan;
use duckdb::{Connection, InterruptHandle, params_from_iter};
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_catalog::Catalog;
use floe_functions::Interrupt;
use floe_plan::Planned;
use floe_route::{Capability, Facts, Opinion};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::attached::AttachedKind;
use super::config::VECTOR_ROWS;
use super::conform::conform;
use super::database::{Database, set};
use super::failure::{self, Failure};
use super::statement::{Purpose, Statement};
use super::ways::Ways;
use super::{Config, attached, config, scan};
use crate::backend::{Backend, Outcome, Run, Work};
use crate::datafusion::DataFusion;
use crate::long_values::longest_of_each_row;
use crate::memory::Budget;

/// Rows of a batch; DuckDB gives them in smaller pieces.
const BATCH_ROWS: usize = 8192;
/// Bytes of one: documents are given in smaller pieces too.
const BATCH_BYTES: usize = 32 << 20;
/// Batches that wait between DuckDB and the client.
const WAITING_BATCHES: usize = 2;
/// How often a query that nobody reads any more is told to end, until it has heard it.
const REMINDER: Duration = Duration::from_millis(100);

/// DuckDB in this process.
#[derive(Debug)]
pub struct DuckDb {
    config: Config,
    /// Opened by the first query that is for it.
    database: Mutex<Option<Arc<Database>>>,
    /// Scans what DuckDB does not read itself.
    datafusion: Arc<DataFusion>,
    threads: Handle,
    asked_elsewhere: AtomicU64,
    ways: Mutex<Ways>,
}

impl DuckDb {
    pub fn new(config: Config, datafusion: Arc<DataFusion>, threads: Handle) -> Self {
        let (database, asked_elsewhere) = (Mutex::new(None), AtomicU64::new(0));
        Self { config, database, datafusion, threads, asked_elsewhere, ways: Mutex::default() }
    }

    /// How many queries were to be asked of DataFusion instead, because a value raised.
    pub fn asked_elsewhere(&self) -> u64 {
        self.asked_elsewhere.load(Ordering::Relaxed)
    }

    /// How functions ran in the queries that gave their answers here, since this was asked last.
    pub fn take_ways(&self) -> Ways {
        std::mem::take(&mut self.ways.lock())
    }

    /// Opens another database as a catalog, which its properties describe. A file of DuckDB's own is this process's from
    /// then on, unless it is only read.
    ///
    /// # Errors
    /// When it is not there, is no such database, or is open in another process; when DuckDB lacks the extension for it.
    pub async fn attach(
        &self,
        kind: AttachedKind,
        name: &str,
        properties: &BTreeMap<String, String>,
    ) -> Result<Arc<dyn Catalog>> {
        let place = attached::Place::read(kind, name, properties)?;
        let (database, datafusion) = (self.database()?, self.datafusion.clone());
        let (threads, inner) = (self.threads.clone(), self.threads.clone());
        let opened = threads.spawn_blocking(move || attached::Attached::open(place, database, datafusion, inner)).await;
        let file = opened.map_err(|error| Error::internal(format!("a thread that attaches a database: {error}")))??;
        Ok(Arc::new(file))
    }

    /// Closes the files that are attached and removes what was spilled; queries that still run lose both.
    pub fn end(&self) {
        let database = self.database.lock().take();
        if let Some(database) = database {
            database.end();
        }
    }

    fn database(&self) -> Result<Arc<Database>> {
        let mut database = self.database.lock();
        if let Some(open) = database.as_ref() {
            return Ok(open.clone());
        }
        let open = Arc::new(Database::open(&self.config)?);
        Ok(database.insert(open).clone())
    }

    async fn statement(&self, planned: &Planned, purpose: Purpose) -> Result<Statement> {
        let database = self.database()?;
        let sources = scan::sources(&planned.plan, &self.datafusion, &database).await?;
        let written = Statement::write(&planned.plan, &database, &sources, &HashMap::new(), purpose);
        written.map_err(|refused| Error::unsupported(format!("{refused} on DuckDB")))
    }
}

#[async_trait]
impl Backend for DuckDb {
    fn id(&self) -> BackendId {
        BackendId::DuckDb
    }

    fn capability(&self) -> Capability {
        Capability::present(BackendId::DuckDb)
    }

    fn held(&self, planned: &Planned) -> u64 {
        let database = self.database.lock().clone();
        database.map_or(0, |database| scan::copied(&planned.plan, database.copies()))
    }

    fn opinion(&self, planned: &Planned, facts: &Facts) -> Opinion {
        let counts = scan::counts(planned, facts);
        let known = scan::unread(&planned.plan, &self.datafusion).and_then(|sources| Ok((sources, self.database()?)));
        let against = |objection: String| Opinion { objection: Some(objection), ..Opinion::default() };
        match known {
            Err(error) => against(error.sentence()),
            Ok((sources, database)) => {
                if let Some(bytes) = too_long(&planned.plan, database.memory()) {
                    return against(format!(
                        "it makes {VECTOR_ROWS} values of {bytes} bytes at once, more than a quarter of --memory-limit"
                    ));
                }
                match Statement::write(&planned.plan, &database, &sources, &counts, Purpose::Tell) {
                    Ok(statement) => Opinion {
                        objection: None,
                        called_back: statement.opened.called_back(),
                        fetches: facts.tables.iter().any(|table| table.reads.is_remote) && fetches(&database),
                    },
                    Err(refused) => against(format!("{refused} does not give Spark's answers there")),
                }
            }
        }
    }

    async fn execute(&self, work: Work<'_>, run: &Run) -> Result<Outcome> {
        let planned = work.plan()?;
        let mut statement = self.statement(planned, Purpose::Run).await?;
        let ways = statement.opened.ways().clone();
        let fields = planned.plan.schema().fields();
        let types: Vec<DataType> = fields.iter().map(|field| field.data_type().clone()).collect();
        let mut rows = started(statement, types, &self.threads)?;
        match rows.next().await {
            Some(Err(Stopped::Value(why))) => {
                self.asked_elsewhere.fetch_add(1, Ordering::Relaxed);
                tracing::info!(operation = run.operation_id, why = %why, "DataFusion is to be asked instead");
                Ok(Outcome::Raised(why))
            }
            Some(Err(Stopped::Other(why))) => Err(why),
            first => {
                self.ways.lock().add(ways);
                let rows = stream::iter(first).chain(rows).map(|batch| batch.map_err(Stopped::into_error));
                Ok(Outcome::Batches(rows.boxed()))
            }
        }
    }

    async fn explain(&self, work: Work<'_>) -> Result<String> {
        let mut statement = self.statement(work.plan()?, Purpose::Tell).await?;
        let called = statement.opened.ways().names_called().join(", ");
        let called = if called.is_empty() { String::new() } else { format!("== Called Back ==\n{called}\n\n") };
        Ok(format!("{called}== Physical Plan ==\n{}", statement.sql))
    }
}

/// Whether files in object storage are opened there.
fn fetches(database: &Database) -> bool {
    let asks = || database.connect().is_ok_and(|connection| database.remote().is_able(&connection));
    database.remote().is_known_able().unwrap_or_else(asks)
}

/// Why a query ended before its rows did.
pub(super) enum Stopped {
    /// A value raised; what a foreign expression raised is Spark's own error.
    Value(Error),
    Other(Error),
}

impl Stopped {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Value(error) | Self::Other(error) => error,
        }
    }
}

pub(super) type Rows = BoxStream<'static, std::result::Result<RecordBatch, Stopped>>;

/// The query's rows. When the reader goes away, the query is interrupted.
pub(super) fn started(statement: Statement, types: Vec<DataType>, threads: &Handle) -> Result<Rows> {
    let database = statement.opened.database().clone();
    let connection = database.connect()?;
    let ended = Arc::new(AtomicBool::new(false));
    let guard = EndWithReader {
        query: connection.interrupt_handle(),
        foreign: statement.opened.interrupt().clone(),
        ended: ended.clone(),
        threads: threads.clone(),
    };
    let uncounted = statement.opened.uncounted();
    if uncounted.holds_texts() {
        let total = database.memory().total();
        threads.spawn(uncounted.clone().watch(guard.query.clone(), total, ended.clone()));
    }
    let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
    let later = threads.clone();
    let work = move || {
        let lease = database.memory().lease();
        limit(&database);
        let outcome = run(&connection, &statement, &types, &sender);
        if let Err(stopped) = outcome {
            // A reader that has gone away asks for no reason.
            let _ = sender.blocking_send(Err(stopped));
        }
        ended.store(true, Ordering::Release);
        // The connection goes before what its query has open, and that before the database.
        drop(connection);
        drop(statement);
        // Nobody waits for copies.
        drop(sender);
        database.make_copies();
        drop(lease);
        later.spawn(settle(database.memory().clone(), Arc::downgrade(&database)));
    };
    // Its threads have deep stacks, and are there for the next query.
    threads.spawn_blocking(work);
    Ok(ReceiverStream::new(receiver)
        .map(move |batch| {
            let _ = &guard;
            batch
        })
        .boxed())
}

/// Tells DuckDB what it may hold now. Where it holds more and cannot let go of it, the next query tells it again.
fn limit(database: &Database) {
    database.memory().tell(|bytes| {
        let (name, value) = config::memory_limit(bytes);
        let told = database.connect().and_then(|connection| set(&connection, name, &value));
        if let Err(error) = &told {
            tracing::debug!(%error, "DuckDB keeps its limit of memory");
        }
        told.is_ok()
    });
}

/// Some time after a query: DuckDB is told that it has less, unless others have come.
async fn settle(memory: Budget, database: Weak<Database>) {
    memory.settle().await;
    let tell = move || {
        if let Some(database) = database.upgrade() {
            limit(&database);
        }
    };
    if let Err(error) = tokio::task::spawn_blocking(tell).await {
        tracing::debug!(%error, "DuckDB keeps its limit of memory");
    }
}

/// Runs the query to its end, or to the reader's.
fn run(
    connection: &Connection,
    statement: &Statement,
    types: &[DataType],
    sender: &mpsc::Sender<std::result::Result<RecordBatch, Stopped>>,
) -> std::result::Result<(), Stopped> {
    let stopped = |error: duckdb::Error| stopped(&error, statement);
    connection.execute_batch(config::SESSION).map_err(stopped)?;
    if statement.opened.has_wide_groups() {
        connection.execute_batch(config::WIDE_GROUPS).map_err(stopped)?;
    }
    let mut prepared = connection.prepare(&statement.sql).map_err(stopped)?;
    if sender.is_closed() {
        return Ok(());
    }
    let given = vec![false; prepared.parameter_count()];
    let schema = prepared.stream_arrow(params_from_iter(given)).map_err(stopped)?.get_schema();
    let mut waiting: Vec<RecordBatch> = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    loop {
        let next = prepared.step().map_err(stopped)?.map(|columns| RecordBatch::from(&columns));
        let is_last = next.is_none();
        rows += next.as_ref().map_or(0, RecordBatch::num_rows);
        bytes += next.as_ref().map_or(0, RecordBatch::get_array_memory_size);
        waiting.extend(next);
        if rows >= BATCH_ROWS || bytes >= BATCH_BYTES || (is_last && rows > 0) {
            let batch = concat_batches(&schema, &waiting).map_err(|error| Stopped::Other(error.into()))?;
            let batch = shaped(&batch, types).map_err(Stopped::Other)?;
            if sender.blocking_send(Ok(batch)).is_err() {
                return Ok(());
            }
            waiting.clear();
            (rows, bytes) = (0, 0);
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Bytes of the values that a plan makes of each row, where a vector of them is too much of the budget: nobody asks it for
/// them.
fn too_long(plan: &LogicalPlan, memory: &Budget) -> Option<usize> {
    let bytes = longest_of_each_row(plan).ok()?;
    (bytes.saturating_mul(VECTOR_ROWS) as u64 > memory.total() / 4).then_some(bytes)
}

/// The batch with the plan's types.
fn shaped(batch: &RecordBatch, types: &[DataType]) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(types).map(|(column, data_type)| conform(column, data_type));
    let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
    let fields = columns.iter().map(|column| Field::new("", column.data_type().clone(), true));
    let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema, columns, &options)?)
}

fn stopped(error: &duckdb::Error, statement: &Statement) -> Stopped {
    let text = failure::text(error);
    match failure::of(&text) {
        Failure::Value => Stopped::Value(statement.opened.raised().unwrap_or_else(|| failure::error(&text))),
        _ => Stopped::Other(statement.opened.uncounted().error().unwrap_or_else(|| failure::error(&text))),
    }
}

/// Interrupts a query when dropped. One that has not begun would not hear it; so it is told until it has ended.
struct EndWithReader {
    query: Arc<InterruptHandle>,
    foreign: Interrupt,
    ended: Arc<AtomicBool>,
    threads: Handle,
}

impl Drop for EndWithReader {
    fn drop(&mut self) {
        if self.ended.load(Ordering::Acquire) {
            return;
        }
        self.foreign.raise();
        self.query.interrupt();
        let (query, ended) = (self.query.clone(), self.ended.clone());
        self.threads.spawn(async move {
            while !ended.load(Ordering::Acquire) {
                query.interrupt();
                tokio::time::sleep(REMINDER).await;
            }
        });
    }
}
