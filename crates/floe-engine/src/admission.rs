//! How many heavy queries run at once: the others wait in one queue, and small ones pass.
//!
//! A query that goes through much data keeps every core busy; many at once only take each other's memory, and whoever
//! asks a small question waits behind all of them. Sessions take turns: one with a hundred queries waits no less than
//! one with two. A permit belongs to an operation, and an operation that has one gets it again, so that a query inside a
//! query never waits for itself. Where a query runs is not decided here (`floe-route`).

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use floe_backends::Batches;
use floe_base::{Error, Kind, Result};
use floe_route::Decision;
use futures::Stream;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::operation::Operation;

/// A query that reads less is done in about the time it takes to queue.
const HEAVY_BYTES: u64 = 64 << 20;

/// Memory that a heavy query should find, so that it need not spill at once.
const MEMORY_EACH: u64 = 512 << 20;

/// A client that has not asked for its next rows for so long keeps nobody waiting: its query is at rest.
const REST: Duration = Duration::from_secs(5);

/// How often those who wait look for queries at rest.
const LOOK: Duration = Duration::from_secs(1);

/// The permits of one process.
#[derive(Debug)]
pub(crate) struct Admission {
    state: Arc<Mutex<State>>,
    permits: usize,
    /// `None`: as long as it takes.
    timeout: Option<Duration>,
}

#[derive(Debug, Default)]
struct State {
    free: usize,
    /// Those who wait, by session; the session whose turn it is first.
    queue: VecDeque<(String, VecDeque<Waiter>)>,
    /// By operation.
    held: HashMap<String, Weak<Permit>>,
}

#[derive(Debug)]
struct Waiter {
    operation_id: String,
    turn: oneshot::Sender<Arc<Permit>>,
}

/// The right to run, given back when the last clone is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    state: Arc<Mutex<State>>,
    operation_id: String,
    rest: Mutex<Rest>,
}

/// Whether anybody wants rows of a query that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It works for someone.
    Busy,
    /// Its last rows were given away then, and no more were asked for.
    Since(Instant),
    /// It rested so long that its place was given to another.
    Lent,
}

/// The number of permits for a machine.
pub(crate) fn permits(cores: usize, memory: u64) -> usize {
    let by_memory = usize::try_from(memory / MEMORY_EACH).unwrap_or(usize::MAX);
    (cores / 4).max(2).min(by_memory).max(1)
}

/// True when a query must have a permit: it has to see many rows before it can give one, and there are many.
fn is_heavy(decision: &Decision) -> bool {
    decision.steps > 0 && decision.bytes >= HEAVY_BYTES
}

impl Admission {
    pub(crate) fn new(permits: usize, timeout: Option<Duration>) -> Self {
        let state = State { free: permits, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), permits, timeout }
    }

    /// Lets a query begin, and tells how long that took. `None` where it needs no permit.
    pub(crate) async fn admit(
        &self,
        session: &str,
        operation: &Operation,
        decision: &Decision,
    ) -> Result<(Option<Arc<Permit>>, Duration)> {
        if !is_heavy(decision) {
            return Ok((None, Duration::ZERO));
        }
        let begun = Instant::now();
        let permit = operation.unless_interrupted(self.permit(session, &operation.id)).await?;
        let waited = begun.elapsed();
        if waited >= Duration::from_millis(1) {
            let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
            tracing::info!(operation = operation.id, waited_ms, "a heavy query waited for its turn");
        }
        Ok((Some(permit), waited))
    }

    async fn permit(&self, session: &str, operation_id: &str) -> Result<Arc<Permit>> {
        let mut turn = match self.ask(session, operation_id) {
            Asked::Has(permit) => return Ok(permit),
            Asked::Waits(turn) => turn,
        };
        // Whoever is interrupted drops its end; its place is passed over.
        let begun = Instant::now();
        loop {
            let left = self.timeout.map(|timeout| timeout.saturating_sub(begun.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(self.too_long(begun.elapsed()));
            }
            let look = left.map_or(LOOK, |left| left.min(LOOK));
            match tokio::time::timeout(look, &mut turn).await {
                Ok(Ok(permit)) => return Ok(permit),
                Ok(Err(_)) => return Err(Error::internal("the queue for heavy queries lost one of them")),
                Err(_) => self.lend(Instant::now()),
            }
        }
    }

    fn ask(&self, session: &str, operation_id: &str) -> Asked {
        let mut state = self.state.lock();
        if let Some(permit) = state.held.get(operation_id).and_then(Weak::upgrade) {
            return Asked::Has(permit);
        }
        let is_first = state.queue.is_empty();
        if is_first && state.free > 0 {
            state.free -= 1;
            let permit = self::permit(&self.state, operation_id);
            state.held.insert(operation_id.into(), Arc::downgrade(&permit));
            return Asked::Has(permit);
        }
        let (turn, mine) = oneshot::channel();
        let waiter = Waiter { operation_id: operation_id.into(), turn };
        match state.queue.iter_mut().find(|(waiting, _)| waiting == session) {
            Some((_, waiting)) => waiting.push_back(waiter),
            None => state.queue.push_back((session.into(), VecDeque::from([waiter]))),
        }
        Asked::Waits(mine)
    }

    /// Gives the places of queries at rest to those who wait.
    fn lend(&self, now: Instant) {
        // Permits are dropped outside the lock, which their end needs.
        let held: Vec<Arc<Permit>> = self.state.lock().held.values().filter_map(Weak::upgrade).collect();
        for permit in &held {
            let mut rest = permit.rest.lock();
            if matches!(*rest, Rest::Since(since) if now.saturating_duration_since(since) >= REST) {
                *rest = Rest::Lent;
                drop(rest);
                tracing::info!(operation = permit.operation_id, "a query whose rows nobody takes gave up its turn");
                give_back(&self.state);
            }
        }
    }

    fn too_long(&self, waited: Duration) -> Error {
        let text = format!(
            "the query waited {} s for its turn: {} heavy queries may run at once; try again later, or raise \
             --max-heavy-queries or --queue-timeout",
            waited.as_secs(),
            self.permits
        );
        Error::message(Kind::Operation, text)
    }
}

enum Asked {
    Has(Arc<Permit>),
    Waits(oneshot::Receiver<Arc<Permit>>),
}

fn permit(state: &Arc<Mutex<State>>, operation_id: &str) -> Arc<Permit> {
    Arc::new(Permit { state: state.clone(), operation_id: operation_id.into(), rest: Mutex::new(Rest::Busy) })
}

/// Gives one place back, or to the next who still waits.
fn give_back(shared: &Arc<Mutex<State>>) {
    let mut state = shared.lock();
    while let Some(waiter) = next(&mut state) {
        // One that went away while it waited.
        if waiter.turn.is_closed() {
            continue;
        }
        let permit = permit(shared, &waiter.operation_id);
        state.held.insert(waiter.operation_id, Arc::downgrade(&permit));
        drop(state);
        // Where it goes away at this very moment, its permit comes back and ends as every other does.
        drop(waiter.turn.send(permit));
        return;
    }
    state.free += 1;
}

/// The oldest of the session whose turn it is; after it the session is last.
fn next(state: &mut State) -> Option<Waiter> {
    let (session, mut waiting) = state.queue.pop_front()?;
    let waiter = waiting.pop_front();
    if !waiting.is_empty() {
        state.queue.push_back((session, waiting));
    }
    waiter
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.state.lock();
        // Another permit of the same operation may have taken its place.
        if state.held.get(&self.operation_id).is_some_and(|held| held.strong_count() == 0) {
            state.held.remove(&self.operation_id);
        }
        drop(state);
        if *self.rest.get_mut() != Rest::Lent {
            give_back(&self.state);
        }
    }
}

/// The batches, with the permit they need until they have all been made.
pub(crate) fn holding(batches: Batches, permit: Option<Arc<Permit>>) -> Batches {
    match permit {
        Some(permit) => Box::pin(Holding { batches, permit: Some(permit) }),
        None => batches,
    }
}

struct Holding {
    batches: Batches,
    permit: Option<Arc<Permit>>,
}

impl Permit {
    fn turns(&self, to: Rest) {
        let mut rest = self.rest.lock();
        if *rest != Rest::Lent {
            *rest = to;
        }
    }
}

impl Stream for Holding {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(permit) = &self.permit {
            permit.turns(Rest::Busy);
        }
        let item = std::task::ready!(self.batches.as_mut().poll_next(context));
        match (&item, &self.permit) {
            (Some(Ok(_)), Some(permit)) => permit.turns(Rest::Since(Instant::now())),
            _ => self.permit = None,
        }
        Poll::Ready(item)
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Schema;
    use futures::{FutureExt, StreamExt, stream};

    use super::*;

    fn free(admission: &Admission) -> usize {
        admission.state.lock().free
    }

    #[test]
    fn permits_come_from_cores_and_memory() {
        assert_eq!(permits(2, 8 << 30), 2);
        assert_eq!(permits(64, 64 << 30), 16);
        assert_eq!(permits(64, 2 << 30), 4);
        assert_eq!(permits(64, 100 << 20), 1);
    }

    #[tokio::test]
    async fn sessions_take_turns_and_within_one_the_first_is_first() -> Result<()> {
        let admission = Arc::new(Admission::new(1, None));
        let order = Arc::new(Mutex::new(Vec::new()));
        let first = admission.permit("many", "0").await?;
        let mut waiting = Vec::new();
        for (session, id) in
            [("many", "m1"), ("many", "m2"), ("many", "m3"), ("few", "f1"), ("other", "o1"), ("few", "f2")]
        {
            let (admission, order) = (admission.clone(), order.clone());
            waiting.push(tokio::spawn(async move {
                let permit = admission.permit(session, id).await;
                order.lock().push(id);
                drop(permit);
            }));
            tokio::task::yield_now().await;
        }
        drop(first);
        futures::future::join_all(waiting).await;
        assert_eq!(*order.lock(), ["m1", "f1", "o1", "m2", "f2", "m3"]);
        assert_eq!(free(&admission), 1);
        Ok(())
    }

    #[tokio::test]
    async fn a_query_inside_another_does_not_wait_for_it() -> Result<()> {
        let admission = Admission::new(1, None);
        let outer = admission.permit("s", "a").await?;
        let inner = admission.permit("s", "a").now_or_never().expect("at once")?;
        drop(outer);
        assert_eq!(free(&admission), 0, "the inner one still runs");
        drop(inner);
        assert_eq!(free(&admission), 1);
        Ok(())
    }

    #[tokio::test]
    async fn whoever_is_interrupted_while_it_waits_is_passed_over() -> Result<()> {
        let admission = Admission::new(1, None);
        let first = admission.permit("s", "a").await?;
        let mut gone = Box::pin(admission.permit("s", "b"));
        assert!(gone.as_mut().now_or_never().is_none());
        let mut late = Box::pin(admission.permit("s", "c"));
        assert!(late.as_mut().now_or_never().is_none());
        drop(gone);
        drop(first);
        assert!(late.as_mut().now_or_never().expect("its turn").is_ok());
        assert_eq!(free(&admission), 1);
        Ok(())
    }

    #[tokio::test]
    async fn one_that_was_called_and_had_gone_gives_its_turn_on() -> Result<()> {
        let admission = Admission::new(1, None);
        let first = admission.permit("s", "a").await?;
        let mut called = Box::pin(admission.permit("s", "b"));
        assert!(called.as_mut().now_or_never().is_none());
        drop(first);
        assert_eq!(free(&admission), 0, "it has been called");
        drop(called);
        assert_eq!(free(&admission), 1);
        Ok(())
    }

    #[tokio::test]
    async fn waiting_ends_with_what_can_be_done() -> Result<()> {
        let admission = Admission::new(1, Some(Duration::from_millis(20)));
        let _first = admission.permit("s", "a").await?;
        let error = admission.permit("s", "b").await.expect_err("too long").to_string();
        assert!(error.contains("--max-heavy-queries") && error.contains("--queue-timeout"), "{error}");
        Ok(())
    }

    #[tokio::test]
    async fn the_permit_ends_with_the_rows_even_while_the_stream_is_kept() -> Result<()> {
        let admission = Admission::new(1, None);
        let batch = RecordBatch::new_empty(Arc::new(Schema::empty()));
        let rows = |items: Vec<Result<RecordBatch>>| -> Batches { Box::pin(stream::iter(items)) };
        let mut all = holding(rows(vec![Ok(batch.clone())]), Some(admission.permit("s", "a").await?));
        assert!(all.next().await.is_some());
        assert_eq!(free(&admission), 0);
        assert!(all.next().await.is_none());
        assert_eq!(free(&admission), 1);
        let mut failed = holding(rows(vec![Err(Error::internal("no"))]), Some(admission.permit("s", "b").await?));
        assert!(failed.next().await.is_some());
        assert_eq!(free(&admission), 1);
        drop(holding(rows(vec![Ok(batch)]), Some(admission.permit("s", "c").await?)));
        assert_eq!(free(&admission), 1);
        Ok(())
    }

    #[tokio::test]
    async fn a_client_that_takes_no_rows_keeps_nobody_waiting() -> Result<()> {
        let admission = Admission::new(1, None);
        let batch = RecordBatch::new_empty(Arc::new(Schema::empty()));
        let slow: Batches = Box::pin(stream::iter(vec![Ok(batch.clone()), Ok(batch)]));
        let mut slow = holding(slow, Some(admission.permit("s", "a").await?));
        assert!(slow.next().await.is_some());
        admission.lend(Instant::now());
        assert_eq!(free(&admission), 0, "it has only just got rows");
        admission.lend(Instant::now() + REST);
        assert_eq!(free(&admission), 1);
        while slow.next().await.is_some() {}
        drop(slow);
        assert_eq!(free(&admission), 1, "what was lent is not given back twice");
        Ok(())
    }
}
