//! Aggregates whose groups may be more than memory holds: some of the groups at a time.
//!
//! DataFusion's aggregate that finds no memory sorts its groups and writes them, again and again, and merges all of that in
//! the end: for a billion rows with a hundred million groups that is as much as the table on disk. Where the rows come from
//! files, they can be read again instead. All groups are tried first, in memory alone. If that is not enough, nothing was
//! given away yet, and half of the groups are tried, and then the others. Memory runs out early, so that little was read in
//! vain: a try ends once it has as many groups as fit. Where files tell that there will be more (`crowded.rs`), halves or
//! quarters are tried first. More than [`PARTS_MAX`] parts would cost what writing does; what is left then is grouped as
//! DataFusion does it.
//!
//! Not here: which rows are a part's (`part.rs`), who may hold how much (`memory.rs`), joins that do not fit (`joins.rs`).

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, internal_datafusion_err};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr_common::physical_expr::is_volatile;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateInputMode, AggregateOutputMode};
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputOrderMode, PlanProperties,
};
use futures::future::try_join_all;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio_stream::wrappers::ReceiverStream;

use super::crowded::heaps;
use super::part::{OfPart, Part};
use super::row_bytes::group_bytes;
use super::watched::Watched;

/// Parts the groups come in, at most. Each is a reading of the files, and each try that ended early the beginning of one.
const PARTS_MAX: usize = 4;
/// An aggregate that takes less than this part of the memory, were each row a group, is left alone.
const LARGE_PART: usize = 2;
/// Batches of each partition that wait for their reader.
const WAITING: usize = 2;
/// How long a try that has ended may take to give back what it holds.
const GIVING_BACK: Duration = Duration::from_secs(2);

/// The plan, its large aggregates over files in parts where memory asks for it.
pub(super) fn in_parts(plan: Arc<dyn ExecutionPlan>, memory: MemoryLimit) -> Result<Arc<dyn ExecutionPlan>> {
    let MemoryLimit::Finite(memory) = memory else { return Ok(plan) };
    let parted = plan.transform_up(|node| match node.as_any().downcast_ref::<AggregateExec>() {
        Some(aggregate) if is_large(aggregate, memory)? && can_be_parted(aggregate, &node)? => {
            let parts = parts(heaps(aggregate, memory)?);
            Ok(Transformed::yes(Arc::new(InParts::new(node, parts)) as Arc<dyn ExecutionPlan>))
        }
        _ => Ok(Transformed::no(node)),
    });
    Ok(parted?.data)
}

/// The aggregates of a plan that could be read in parts, the upper ones first.
pub(super) fn parted(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<&AggregateExec>> {
    let mut found = Vec::new();
    plan.apply(|node| {
        if let Some(aggregate) = node.as_any().downcast_ref::<AggregateExec>()
            && can_be_parted(aggregate, node)?
        {
            found.push(aggregate);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// `node` is the aggregate itself, as plans hold it.
fn can_be_parted(aggregate: &AggregateExec, node: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    Ok(ends(aggregate) && can_be_read_again(node)?)
}

/// Whether these are the groups as the query has them, each key once, and none is given away before all rows were seen.
fn ends(aggregate: &AggregateExec) -> bool {
    aggregate.mode().output_mode() == AggregateOutputMode::Final && gives_at_the_end(aggregate)
}

fn gives_at_the_end(aggregate: &AggregateExec) -> bool {
    let keys = aggregate.group_expr();
    keys.is_single()
        && !keys.expr().is_empty()
        && aggregate.limit_options().is_none()
        && matches!(aggregate.input_order_mode(), InputOrderMode::Linear)
}

fn is_large(aggregate: &AggregateExec, memory: usize) -> Result<bool> {
    let rows = aggregate.input().partition_statistics(None)?.num_rows.get_value().copied().unwrap_or(0);
    Ok(rows.saturating_mul(group_bytes(&aggregate.schema())) > memory / LARGE_PART)
}

/// The parts to begin with where so many are expected to be needed.
fn parts(heaps: usize) -> Vec<Part> {
    let mut parts = vec![Part::ALL];
    while parts.len() < heaps.min(PARTS_MAX) {
        parts = halved(&parts);
    }
    parts
}

fn halved(parts: &[Part]) -> Vec<Part> {
    parts.iter().flat_map(|part| part.halves()).collect()
}

/// Whether all below an aggregate gives the same rows whenever it is asked, and keeps none of them: files, and what looks
/// at one row at a time.
fn can_be_read_again(aggregate: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let is_steady = |expr: &Arc<dyn PhysicalExpr>| !is_volatile(expr);
    let mut can = true;
    aggregate.apply(|node| {
        let any = node.as_any();
        can = if let Some(aggregate) = any.downcast_ref::<AggregateExec>() {
            let arguments = aggregate.aggr_expr().iter().flat_map(|one| one.expressions());
            gives_at_the_end(aggregate)
                && aggregate.group_expr().expr().iter().all(|(key, _)| is_steady(key))
                && arguments.chain(aggregate.filter_expr().iter().flatten().cloned()).all(|expr| is_steady(&expr))
        } else if let Some(filter) = any.downcast_ref::<FilterExec>() {
            is_steady(filter.predicate())
        } else if let Some(projection) = any.downcast_ref::<ProjectionExec>() {
            projection.expr().iter().all(|one| is_steady(&one.expr))
        } else {
            any.is::<RepartitionExec>() || any.is::<DataSourceExec>()
        };
        Ok(if can { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(can)
}

/// An aggregate, run once for all groups or for each part of them. Its partitions go on together from part to part: who
/// reads one must read all.
#[derive(Debug)]
struct InParts {
    aggregate: Arc<dyn ExecutionPlan>,
    parts: Vec<Part>,
    /// Begins when somebody waits for the first rows: what a join above needs first is in memory until then.
    begun: Arc<Mutex<Option<Begun>>>,
}

/// A run: the partitions that nobody has asked for yet, and the task that fills them, which ends with its readers.
#[derive(Debug)]
struct Begun {
    partitions: Vec<Option<Receiver<Result<RecordBatch>>>>,
    task: Arc<SpawnedTask<()>>,
}

impl InParts {
    fn new(aggregate: Arc<dyn ExecutionPlan>, parts: Vec<Part>) -> Self {
        Self { aggregate, parts, begun: Arc::default() }
    }
}

impl Begun {
    fn begin(aggregate: &Arc<dyn ExecutionPlan>, parts: Vec<Part>, context: &Arc<TaskContext>) -> Self {
        let count = aggregate.output_partitioning().partition_count();
        let (senders, partitions) =
            (0..count).map(|_| mpsc::channel(WAITING)).map(|(to, from)| (to, Some(from))).unzip();
        let task = SpawnedTask::spawn(run(aggregate.clone(), parts, context.clone(), senders));
        Self { partitions, task: Arc::new(task) }
    }

    /// A partition's batches; whoever reads them keeps the task at work.
    fn take(&mut self, partition: usize) -> Result<impl Stream<Item = Result<RecordBatch>> + use<>> {
        let batches = self.partitions.get_mut(partition).and_then(Option::take);
        let batches = batches.ok_or_else(|| internal_datafusion_err!("partition {partition} is run twice"))?;
        let task = self.task.clone();
        Ok(ReceiverStream::new(batches).map(move |batch| {
            let _ = &task;
            batch
        }))
    }
}

impl DisplayAs for InParts {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InPartsExec")
    }
}

impl ExecutionPlan for InParts {
    fn name(&self) -> &'static str {
        "InPartsExec"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.aggregate.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.aggregate]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let aggregate = children.into_iter().next().unwrap_or_else(|| self.aggregate.clone());
        Ok(Arc::new(Self::new(aggregate, self.parts.clone())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (aggregate, parts, begun) = (self.aggregate.clone(), self.parts.clone(), self.begun.clone());
        let taken = async move {
            let mut begun = begun.lock();
            begun.get_or_insert_with(|| Begun::begin(&aggregate, parts, &context)).take(partition)
        };
        let batches = stream::once(taken).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

/// All parts, one after another. What fails is told to every reader.
async fn run(
    aggregate: Arc<dyn ExecutionPlan>,
    parts: Vec<Part>,
    context: Arc<TaskContext>,
    readers: Vec<Sender<Result<RecordBatch>>>,
) {
    if let Err(error) = all(&aggregate, parts, &context, &readers).await {
        let error = Arc::new(error);
        for reader in &readers {
            // One that is gone needs no reason.
            let _ = reader.send(Err(DataFusionError::Shared(error.clone()))).await;
        }
    }
}

async fn all(
    aggregate: &Arc<dyn ExecutionPlan>,
    mut left: Vec<Part>,
    context: &Arc<TaskContext>,
    readers: &[Sender<Result<RecordBatch>>],
) -> Result<()> {
    let mut writes = false;
    while let Some(part) = left.pop() {
        let plan = of_part(aggregate, part)?;
        if writes {
            give(filled(plan, context).await?, readers).await?;
            continue;
        }
        let in_memory =
            Arc::new(InMemory(MemoryConsumer::new("groups").with_can_spill(true).register(context.memory_pool())));
        match filled(plan, &without_disk(context, in_memory.clone())?).await {
            Ok(partitions) => give(partitions, readers).await?,
            Err(error) if is_exhausted(&error) => {
                in_memory.given_back().await;
                left.push(part);
                writes = part.of >= PARTS_MAX;
                if !writes {
                    // Hashes deal groups out evenly: what is too large in this part is so in the others.
                    left = halved(&left);
                }
                tracing::info!(parts = part.of, writes, "groups take more memory than there is");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A partition with its first batch: all of its groups are there.
type Filled = (Option<RecordBatch>, SendableRecordBatchStream);

/// The partitions of an aggregate, each with its first batch: nothing grows any more.
async fn filled(plan: Arc<dyn ExecutionPlan>, context: &Arc<TaskContext>) -> Result<Vec<Filled>> {
    let fill = |partition| {
        let mut batches = plan.execute(partition, context.clone())?;
        Ok(SpawnedTask::spawn(async move {
            let first = batches.next().await.transpose()?;
            Ok::<Filled, DataFusionError>((first, batches))
        }))
    };
    ended((0..plan.output_partitioning().partition_count()).map(fill).collect::<Result<_>>()?).await
}

/// Hands all partitions over, each at its reader's pace.
async fn give(partitions: Vec<Filled>, readers: &[Sender<Result<RecordBatch>>]) -> Result<()> {
    let give = |((first, mut rest), reader): (Filled, &Sender<Result<RecordBatch>>)| {
        let reader = reader.clone();
        SpawnedTask::spawn(async move {
            let mut next = first;
            while let Some(batch) = next {
                if reader.send(Ok(batch)).await.is_err() {
                    break;
                }
                next = rest.next().await.transpose()?;
            }
            Ok::<(), DataFusionError>(())
        })
    };
    ended(partitions.into_iter().zip(readers).map(give).collect()).await?;
    Ok(())
}

/// What all tasks came to, or the first that failed.
async fn ended<T: 'static>(tasks: Vec<SpawnedTask<Result<T>>>) -> Result<Vec<T>> {
    let joined = |error| DataFusionError::ExecutionJoin(Box::new(error));
    try_join_all(tasks.into_iter().map(|task| async move { task.join_unwind().await.map_err(joined)? })).await
}

fn is_exhausted(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

/// The aggregate over the rows of a part, as if it had never run.
fn of_part(aggregate: &Arc<dyn ExecutionPlan>, part: Part) -> Result<Arc<dyn ExecutionPlan>> {
    let fresh = reset_plan_states(aggregate.clone())?;
    if part == Part::ALL {
        return Ok(fresh);
    }
    let narrowed = fresh.transform_up(|node| match node.as_any().downcast_ref::<AggregateExec>() {
        Some(first) if first.mode().input_mode() == AggregateInputMode::Raw => {
            let keys = first.group_expr().input_exprs();
            let rows = Watched::plan(first.input().clone(), OfPart { keys, part });
            Ok(Transformed::yes(node.with_new_children(vec![rows])?))
        }
        _ => Ok(Transformed::no(node)),
    });
    Ok(narrowed?.data)
}

/// The context of a try: without a disk, and with one account of memory for all that the try holds.
fn without_disk(context: &TaskContext, memory: Arc<InMemory>) -> Result<Arc<TaskContext>> {
    let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled).build()?;
    let shared = context.runtime_env();
    let runtime = RuntimeEnv { memory_pool: memory, disk_manager: Arc::new(disk), ..RuntimeEnv::clone(&shared) };
    Ok(Arc::new(TaskContext::new(
        context.task_id(),
        context.session_id(),
        context.session_config().clone(),
        context.scalar_functions().clone(),
        context.aggregate_functions().clone(),
        context.window_functions().clone(),
        Arc::new(runtime),
    )))
}

/// What a try holds, as one consumer of the budget that can do with less: it leaves others their shares.
#[derive(Debug)]
struct InMemory(MemoryReservation);

impl InMemory {
    /// Waits until the tasks of a try that has ended are gone, and what they held with them.
    async fn given_back(&self) {
        let since = Instant::now();
        while self.0.size() > 0 && since.elapsed() < GIVING_BACK {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl MemoryPool for InMemory {
    fn grow(&self, _: &MemoryReservation, additional: usize) {
        self.0.grow(additional);
    }

    fn shrink(&self, _: &MemoryReservation, shrink: usize) {
        self.0.shrink(shrink);
    }

    fn try_grow(&self, _: &MemoryReservation, additional: usize) -> Result<()> {
        self.0.try_grow(additional)
    }

    fn reserved(&self) -> usize {
        self.0.size()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::Int64Type;
    use datafusion::catalog::MemTable;
    use datafusion::datasource::provider_as_source;
    use datafusion::functions_aggregate::expr_fn::{count, sum};
    use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, col};
    use datafusion::physical_plan::collect;

    use super::*;
    use crate::datafusion::Config;
    use crate::memory::Budget;

    const KEYS: i64 = 200_000;
    /// Rows of a batch.
    const ROWS: i64 = 2_000;
    /// Rows of a batch inside the engine: a few of its own size would be all the memory there is here, and who merges what
    /// it has written must have room for some.
    const INNER_ROWS: usize = 256;

    /// Each key three times, with its number as a value.
    fn grouped() -> LogicalPlan {
        let batch = |from: i64| {
            let keys = || Int64Array::from_iter_values((from..from + ROWS).map(|key| key * 7 % KEYS));
            RecordBatch::try_from_iter([("k", Arc::new(keys()) as _), ("v", Arc::new(keys()) as _)]).expect("rows")
        };
        let batches: Vec<Vec<RecordBatch>> =
            (0..3).map(|_| (0..KEYS / ROWS).map(|number| batch(number * ROWS)).collect()).collect();
        let table = MemTable::try_new(batches[0][0].schema(), batches).expect("a table");
        let scan = LogicalPlanBuilder::scan("t", provider_as_source(Arc::new(table)), None).expect("a scan");
        let grouped = scan.aggregate([col("k")], [count(col("v")), sum(col("v"))]).expect("groups");
        grouped.build().expect("a plan")
    }

    /// How many groups there are, and the totals of their counts and sums.
    async fn totals(memory: u64, disk: u64) -> Result<(usize, i64, i64)> {
        let config = Config { memory: Budget::new(memory), spill_dir: None, spill_bytes: disk, threads: 2 };
        let mut state = config.state(config.runtime().expect("a runtime"));
        state.config_mut().options_mut().execution.batch_size = INNER_ROWS;
        let plan = state.create_physical_plan(&grouped()).await?;
        let plan = in_parts(plan, state.runtime_env().memory_pool.memory_limit())?;
        assert_eq!(plan.name(), "InPartsExec");
        let batches = collect(plan, state.task_ctx()).await?;
        let total = |column: usize| {
            let sum =
                |batch: &RecordBatch| batch.column(column).as_primitive::<Int64Type>().values().iter().sum::<i64>();
            batches.iter().map(sum).sum()
        };
        Ok((batches.iter().map(RecordBatch::num_rows).sum(), total(1), total(2)))
    }

    const ALL: (usize, i64, i64) = (KEYS as usize, 3 * KEYS, 3 * KEYS * (KEYS - 1) / 2);

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn groups_that_fit_by_halves_or_quarters_are_grouped_without_a_disk() {
        for megabytes in [32, 16, 12] {
            assert_eq!(totals(megabytes << 20, 0).await.expect("groups"), ALL, "{megabytes} MB");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn those_that_do_not_are_written() {
        let without = totals(6 << 20, 0).await.expect_err("no disk");
        assert!(is_exhausted(&without), "{without}");
        assert_eq!(totals(6 << 20, 1 << 30).await.expect("groups"), ALL);
    }

    #[test]
    fn the_halves_of_a_part_are_all_of_it() {
        let [even, odd] = Part::ALL.halves();
        for hash in (0..100_u64).map(|number| number << 32) {
            assert!(even.has(hash) != odd.has(hash));
            let quarters = [even.halves(), odd.halves()].concat();
            assert_eq!(quarters.iter().filter(|quarter| quarter.has(hash)).count(), 1);
        }
    }
}
