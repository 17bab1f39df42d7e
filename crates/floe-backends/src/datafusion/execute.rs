//! How a plan runs: optimised, planned, and driven on the threads for queries, with the client's pace as its brake.

use std::future::ready;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use floe_base::id::BackendId;
use floe_base::{Error, Result};
use floe_functions::Interrupt;
use floe_route::Capability;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinError};
use tokio_stream::wrappers::ReceiverStream;

use super::at_hand::{constants, is_at_hand};
use super::drawn::drawn;
use super::in_order::in_order;
use super::in_parts::in_parts;
use super::pause::with_pauses;
use super::sorts::stoppable;
use super::{Config, capabilities, crowded, joins, source_order, wide_rows};
use crate::backend::{Backend, Batches, Outcome, Run, Work};

/// Batches that wait between the engine and the client; more would only hold memory.
const WAITING_BATCHES: usize = 2;

/// DataFusion in this process.
#[derive(Clone, Debug)]
pub struct DataFusion {
    state: Arc<SessionState>,
    /// Where plans run; nobody who must answer soon waits for these threads.
    threads: Handle,
}

impl DataFusion {
    pub fn new(config: &Config, threads: Handle) -> Result<Self> {
        let state = Arc::new(config.state(config.runtime()?));
        Ok(Self { state, threads })
    }

    /// The shared runtime: who brings tables from an object store registers the store here.
    pub fn runtime(&self) -> Arc<RuntimeEnv> {
        self.state.runtime_env().clone()
    }

    /// Removes what was spilled; queries that still run lose it.
    pub fn end(&self) {
        for folder in self.state.runtime_env().disk_manager.temp_dir_paths() {
            // One that is gone already is as it should be.
            let _ = std::fs::remove_dir_all(folder);
        }
    }

    /// The state plans start from, for those who write files with it.
    pub fn state(&self) -> &SessionState {
        &self.state
    }

    /// Whether a plan over about so many rows makes more groups of them than memory is expected to hold, as far as files
    /// tell. Looks at their footers, which are kept.
    ///
    /// # Errors
    /// When the plan cannot be planned, or a file not be read.
    pub async fn is_crowded(&self, plan: &LogicalPlan, rows: u64) -> Result<bool> {
        let MemoryLimit::Finite(memory) = self.state.runtime_env().memory_pool.memory_limit() else { return Ok(false) };
        if !crowded::may_be(rows, memory) {
            return Ok(false);
        }
        let state = self.state_of_run(plan, &Interrupt::default());
        Ok(crowded::is_crowded(&state.create_physical_plan(plan).await?, memory)?)
    }

    /// A plan's rows, for backends that have tables scanned here. May be awaited on any thread.
    pub(crate) async fn rows(&self, plan: LogicalPlan) -> Result<Batches> {
        let interrupt = Interrupt::default();
        let mut state = self.state_of_run(&plan, &interrupt);
        let ours = interrupt.clone();
        let planned = self.threads.spawn(async move {
            let physical = in_order(wide_rows::planned(&mut state, &plan).await?)?;
            Ok::<_, Error>((stoppable(with_pauses(physical)?, &ours)?, state.task_ctx()))
        });
        let (physical, context) =
            planned.await.map_err(|error| Error::internal(format!("a scan's thread: {error}")))??;
        Ok(detached(physical, context, interrupt, &self.threads))
    }

    /// The rows of a plan whose joins sort.
    async fn sorted(&self, plan: &LogicalPlan) -> Result<Batches> {
        tracing::info!("joins took more memory than there is; their sides are sorted");
        let interrupt = Interrupt::default();
        let mut state = self.state_of_run(plan, &interrupt);
        let physical = in_order(joins::sorted(&mut state, plan).await?)?;
        self.begun(physical, &state, interrupt)
    }

    /// The rows of a plan whose batches have as few as there may be.
    async fn in_small_batches(&self, plan: &LogicalPlan) -> Result<Batches> {
        tracing::info!("values were too long for a batch; batches have fewer rows");
        let interrupt = Interrupt::default();
        let mut state = self.state_of_run(plan, &interrupt);
        state.config_mut().options_mut().execution.batch_size = wide_rows::ROWS_MIN;
        let physical = in_order(joins::planned(&mut state, plan).await?)?;
        self.begun(physical, &state, interrupt)
    }

    /// A plan at work on other threads, where it can be stopped.
    fn begun(&self, physical: Arc<dyn ExecutionPlan>, state: &SessionState, interrupt: Interrupt) -> Result<Batches> {
        let physical = in_parts(physical, state.runtime_env().memory_pool.memory_limit())?;
        let physical = stoppable(with_pauses(physical)?, &interrupt)?;
        Ok(detached(physical, state.task_ctx(), interrupt, &self.threads))
    }

    /// The state of one run, whose functions look at its flag.
    fn state_of_run(&self, plan: &LogicalPlan, interrupt: &Interrupt) -> SessionState {
        let mut state = SessionState::clone(&self.state);
        let options = state.config_mut().options_mut();
        options.extensions.insert(interrupt.clone());
        source_order::keep(plan, options);
        // Without this the planner gives functions options of its own.
        state.mark_start_execution();
        state
    }
}

#[async_trait]
impl Backend for DataFusion {
    fn id(&self) -> BackendId {
        BackendId::DataFusion
    }

    fn capability(&self) -> Capability {
        capabilities::capability()
    }

    async fn execute(&self, work: Work<'_>, _run: &Run) -> Result<Outcome> {
        let planned = work.plan()?;
        if let Some(row) = constants(&planned.plan) {
            return Ok(Outcome::Batches(stream::once(ready(Ok(row))).boxed()));
        }
        let interrupt = Interrupt::default();
        let mut state = self.state_of_run(&planned.plan, &interrupt);
        let physical = in_order(joins::planned(&mut state, &planned.plan).await?)?;
        if is_at_hand(&physical) {
            let batches = execute_stream(physical, state.task_ctx())?;
            return Ok(Outcome::Batches(Box::pin(batches.map_err(Error::from))));
        }
        let may_sort = joins::may_sort(&physical)?;
        let batches = self.begun(physical, &state, interrupt)?;
        let (again, plan) = (self.clone(), planned.plan.clone());
        let otherwise = move |error: Error| async move {
            match error.condition() {
                "UNABLE_TO_ACQUIRE_MEMORY" if may_sort => again.sorted(&plan).await,
                "BATCH_TOO_LARGE" => again.in_small_batches(&plan).await,
                _ => Err(error),
            }
        };
        Ok(Outcome::Batches(or_else(batches, otherwise)))
    }

    async fn explain(&self, work: Work<'_>) -> Result<String> {
        let planned = work.plan()?;
        let mut state = self.state_of_run(&planned.plan, &Interrupt::default());
        let optimised = state.optimize(&planned.plan)?;
        let physical = joins::planned(&mut state, &planned.plan).await?;
        let text = drawn(physical.as_ref());
        Ok(format!("== Optimized Logical Plan ==\n{}\n\n== Physical Plan ==\n{text}", optimised.display_indent()))
    }
}

/// A plan's batches, computed on other threads a little ahead of the reader. When the reader goes away the task that
/// computes them is ended with it, and functions at work in it are told.
fn detached(
    physical: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    interrupt: Interrupt,
    threads: &Handle,
) -> Batches {
    let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
    let task = threads.spawn(async move {
        // Started here and not before: operators put their own tasks on the threads of whoever starts them.
        let mut batches = match execute_stream(physical, context) {
            Ok(batches) => batches,
            Err(error) => return drop(sender.send(Err(error.into())).await),
        };
        while let Some(batch) = batches.next().await {
            let failed = batch.is_err();
            if sender.send(batch.map_err(Error::from)).await.is_err() || failed {
                break;
            }
        }
    });
    let ended = EndWithReader { task: task.abort_handle(), interrupt };
    // Without a look at how the task ended, a panic would pass for the end of the rows.
    let panicked = stream::once(task).filter_map(|ended| {
        let error = ended.err().filter(JoinError::is_panic);
        ready(error.map(|error| Err(Error::internal(format!("a query's thread panicked: {error}")))))
    });
    Box::pin(ReceiverStream::new(receiver).chain(panicked).map(move |batch| {
        let _ = &ended;
        batch
    }))
}

/// The batches, or what else there is where instead of a first one there was an error.
fn or_else<Otherwise>(mut batches: Batches, otherwise: impl FnOnce(Error) -> Otherwise + Send + 'static) -> Batches
where
    Otherwise: Future<Output = Result<Batches>> + Send + 'static,
{
    let chosen = async move {
        match batches.next().await {
            Some(Err(error)) => {
                // Its end gives back what it holds.
                while batches.next().await.is_some() {}
                otherwise(error).await
            }
            first => Ok(stream::iter(first).chain(batches).boxed()),
        }
    };
    stream::once(chosen).try_flatten().boxed()
}

/// Ends a run when dropped: the task where it waits, functions between two rows.
struct EndWithReader {
    task: AbortHandle,
    interrupt: Interrupt,
}

impl Drop for EndWithReader {
    fn drop(&mut self) {
        self.interrupt.raise();
        self.task.abort();
    }
}
