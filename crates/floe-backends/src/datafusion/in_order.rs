//! Results in the order of their partitions, so that the same query shows the same rows first every time it is asked,
//! and those of `a UNION ALL b` come with `a`'s first, as they do from Spark.
//!
//! All partitions run at once. What is computed ahead of its turn waits, up to [`WAITING_BYTES`]; a larger result comes
//! as it is ready rather than hold the machine back. Only the partitions of the result itself are put in order here:
//! below a join or an aggregate order means nothing.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::limit::LimitStream;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::{FutureExt, StreamExt, stream};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// What may wait for its turn; the partition whose turn it is does not count.
const WAITING_BYTES: usize = 64 << 20;
/// Batches the partition whose turn it is may be ahead, whatever waits.
const AHEAD: usize = 2;

/// The plan with one partition, its rows in the order of the partitions they come from.
pub(super) fn in_order(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    if plan.output_partitioning().partition_count() > 1 {
        return Ok(Arc::new(InOrder::new(plan, None)));
    }
    if let Some(merged) = plan.as_any().downcast_ref::<CoalescePartitionsExec>() {
        return Ok(Arc::new(InOrder::new(merged.input().clone(), plan.fetch())));
    }
    match (plan.children().as_slice(), plan.maintains_input_order().as_slice()) {
        // An operator that merges partitions by an order of its own is left alone.
        ([child], [true]) if child.output_partitioning().partition_count() == 1 => {
            let child = in_order((*child).clone())?;
            plan.with_new_children(vec![child])
        }
        _ => Ok(plan),
    }
}

/// The partitions of the input, one after the other.
#[derive(Debug)]
struct InOrder {
    input: Arc<dyn ExecutionPlan>,
    fetch: Option<usize>,
    properties: Arc<PlanProperties>,
}

impl InOrder {
    fn new(input: Arc<dyn ExecutionPlan>, fetch: Option<usize>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(1),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Self { input, fetch, properties: Arc::new(properties) }
    }
}

impl DisplayAs for InOrder {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InOrderExec")
    }
}

impl ExecutionPlan for InOrder {
    fn name(&self) -> &'static str {
        "InOrderExec"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        let input = children.into_iter().next().unwrap_or_else(|| self.input.clone());
        Ok(Arc::new(Self::new(input, self.fetch)))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let held = MemoryConsumer::new("InOrder").register(context.memory_pool());
        let partitions = self.input.output_partitioning().partition_count();
        let shelves = Arc::new(Shelves::new(partitions, held));
        let fill = |partition: usize| {
            let batches = self.input.execute(partition, context.clone())?;
            Ok(SpawnedTask::spawn(fill(shelves.clone(), partition, batches)))
        };
        // Ended with the stream that owns them.
        let tasks = (0..partitions).map(fill).collect::<Result<Vec<_>>>()?;
        let taken = stream::unfold((shelves, tasks), |(shelves, tasks)| async move {
            shelves.take().await.map(|batch| (batch, (shelves, tasks)))
        });
        let batches: SendableRecordBatchStream = Box::pin(RecordBatchStreamAdapter::new(self.schema(), taken));
        let Some(fetch) = self.fetch else { return Ok(batches) };
        let metrics = BaselineMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        Ok(Box::pin(LimitStream::new(batches, 0, Some(fetch), metrics)))
    }
}

async fn fill(shelves: Arc<Shelves>, partition: usize, mut batches: SendableRecordBatchStream) {
    let filled = AssertUnwindSafe(async {
        while let Some(batch) = batches.next().await {
            shelves.put(partition, batch?).await;
        }
        Ok(())
    });
    let ended = filled.catch_unwind().await;
    shelves
        .end(partition, ended.unwrap_or_else(|_| Err(DataFusionError::Internal("a query's thread panicked".into()))));
}

/// Batches that wait for their turn.
struct Shelves {
    state: Mutex<State>,
    for_reader: Notify,
    for_writers: Notify,
}

struct State {
    shelves: Vec<Shelf>,
    /// Whose turn it is.
    turn: usize,
    waiting_bytes: usize,
    failed: Option<DataFusionError>,
    held: MemoryReservation,
}

#[derive(Default)]
struct Shelf {
    batches: VecDeque<RecordBatch>,
    is_complete: bool,
}

impl Shelves {
    fn new(partitions: usize, held: MemoryReservation) -> Self {
        let shelves = std::iter::repeat_with(Shelf::default).take(partitions).collect();
        let state = State { shelves, turn: 0, waiting_bytes: 0, failed: None, held };
        Self { state: Mutex::new(state), for_reader: Notify::new(), for_writers: Notify::new() }
    }

    /// Adds a batch, once there is room for it.
    async fn put(&self, partition: usize, batch: RecordBatch) {
        let bytes = bytes_of(&batch);
        loop {
            let mut room = pin!(self.for_writers.notified());
            room.as_mut().enable();
            if self.state.lock().has_room(partition) {
                break;
            }
            room.await;
        }
        let mut state = self.state.lock();
        state.waiting_bytes += bytes;
        state.held.grow(bytes);
        if let Some(shelf) = state.shelves.get_mut(partition) {
            shelf.batches.push_back(batch);
        }
        drop(state);
        self.for_reader.notify_one();
    }

    fn end(&self, partition: usize, ended: Result<()>) {
        let mut state = self.state.lock();
        if let Some(shelf) = state.shelves.get_mut(partition) {
            shelf.is_complete = true;
        }
        if let Err(error) = ended {
            state.failed.get_or_insert(error);
        }
        drop(state);
        self.for_reader.notify_one();
    }

    /// The next batch; `None` after the last.
    async fn take(&self) -> Option<Result<RecordBatch>> {
        loop {
            {
                let mut state = self.state.lock();
                if let Some(error) = state.failed.take() {
                    return Some(Err(error));
                }
                let batch = state.next();
                if batch.is_some() || state.turn == state.shelves.len() {
                    drop(state);
                    self.for_writers.notify_waiters();
                    return batch.map(Ok);
                }
            }
            // Keeps a notice that came meanwhile.
            self.for_reader.notified().await;
        }
    }
}

impl State {
    fn is_full(&self) -> bool {
        self.waiting_bytes >= WAITING_BYTES
    }

    fn has_room(&self, partition: usize) -> bool {
        let is_next = partition == self.turn && self.shelves[partition].batches.len() < AHEAD;
        is_next || !self.is_full()
    }

    /// The batch whose turn it is; any other when too many wait for a partition that has none yet.
    fn next(&mut self) -> Option<RecordBatch> {
        while self.shelves.get(self.turn).is_some_and(|shelf| shelf.is_complete && shelf.batches.is_empty()) {
            self.turn += 1;
        }
        let others = if self.is_full() { self.shelves.len() } else { self.turn + 1 };
        let batch = self.shelves.iter_mut().take(others).skip(self.turn).find_map(|shelf| shelf.batches.pop_front())?;
        let bytes = bytes_of(&batch);
        self.waiting_bytes -= bytes;
        self.held.shrink(bytes);
        Some(batch)
    }
}

/// What a batch's rows take; never nothing, so that batches without columns are bounded too.
fn bytes_of(batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size().unwrap_or(0));
    columns.sum::<usize>() + size_of::<RecordBatch>()
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, AsArray, Int64Array};
    use arrow::datatypes::Int64Type;
    use datafusion::execution::memory_pool::{MemoryPool, UnboundedMemoryPool};

    use super::*;

    fn shelves(partitions: usize) -> Arc<Shelves> {
        let pool: Arc<dyn MemoryPool> = Arc::new(UnboundedMemoryPool::default());
        Arc::new(Shelves::new(partitions, MemoryConsumer::new("test").register(&pool)))
    }

    fn batch(first: i64, rows: usize) -> RecordBatch {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![first; rows]));
        RecordBatch::try_from_iter([("n", values)]).expect("a batch")
    }

    fn first(batch: &RecordBatch) -> i64 {
        batch.column(0).as_primitive::<Int64Type>().value(0)
    }

    async fn rest(shelves: &Shelves) -> Vec<i64> {
        let mut found = Vec::new();
        while let Some(batch) = shelves.take().await {
            found.push(first(&batch.expect("no error")));
        }
        found
    }

    #[tokio::test]
    async fn small_partitions_come_in_their_order() {
        let shelves = shelves(3);
        shelves.put(2, batch(20, 1)).await;
        shelves.end(2, Ok(()));
        shelves.put(0, batch(0, 1)).await;
        shelves.end(1, Ok(()));
        shelves.put(0, batch(1, 1)).await;
        shelves.end(0, Ok(()));
        assert_eq!(rest(&shelves).await, [0, 1, 20]);
    }

    #[tokio::test]
    async fn a_large_result_does_not_wait_for_its_first_partition() {
        let shelves = shelves(2);
        shelves.put(1, batch(10, WAITING_BYTES / 8)).await;
        let other = shelves.take().await.expect("a batch").expect("no error");
        assert_eq!(first(&other), 10);
        shelves.put(0, batch(0, 1)).await;
        shelves.end(0, Ok(()));
        shelves.end(1, Ok(()));
        assert_eq!(rest(&shelves).await, [0]);
    }

    #[tokio::test]
    async fn whose_turn_it_is_has_room_when_all_is_full() {
        let shelves = shelves(2);
        shelves.put(1, batch(10, WAITING_BYTES / 8)).await;
        shelves.put(0, batch(0, 1)).await;
        let full = shelves.put(1, batch(11, 1)).now_or_never();
        assert!(full.is_none());
        shelves.end(0, Ok(()));
        shelves.end(1, Ok(()));
        assert_eq!(rest(&shelves).await, [0, 10]);
    }

    #[tokio::test]
    async fn an_error_is_told_at_once() {
        let shelves = shelves(2);
        shelves.put(0, batch(0, 1)).await;
        shelves.end(1, Err(DataFusionError::Internal("lost".into())));
        assert!(shelves.take().await.expect("an answer").is_err());
    }
}
