//! The one budget of memory for the engines of this process: who may hold how much of it, as queries come and go.
//!
//! DataFusion may hold all of it while DuckDB has nothing to do. A query on DuckDB takes a lease; as long as there is one,
//! DuckDB may hold half, or three quarters where DataFusion holds nothing, and DataFusion the rest. DataFusion is never
//! asked to give back what it holds: DuckDB gets less then, and DataFusion spills before it takes more.
//!
//! After its last query DuckDB keeps its part for a while, since a new limit makes it give all its free pages back to the
//! system, and the next query has to fetch them again. If DataFusion needs the part, that while is over at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion::common::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// What DuckDB may keep of the files it has read while it has nothing to do, in parts of the whole.
const IDLE_PART: u64 = 16;
/// How long DuckDB keeps its part after its last query.
const LINGER: Duration = Duration::from_secs(2);
/// What a query on DuckDB gets at the least, in parts of the whole, whatever DataFusion holds.
const LEAST_PART: u64 = 4;

/// Who can spill gets this much in any case, in parts of the whole: without it there is nothing to spill, and others that
/// came earlier may hold more than their share by now.
const SPILLER_PART: u64 = 128;
/// An aggregate that spills gives back what it holds, and then asks for what sorting the same rows takes: at most this many
/// times as much. The rows are in memory all the while, so it has it again even where others came in between or its share
/// has become smaller; nobody else gets more before it is written.
const SORT_PART: u64 = 2;
/// What those that can spill leave to those that cannot, in parts of what there is.
const UNSPILLABLE_PART: u64 = 8;

/// The budget, shared by the engines.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    total: u64,
    state: Mutex<State>,
    /// What DuckDB was told last. Held while it is told, so that this is what holds.
    told: Mutex<u64>,
    /// DataFusion took back what DuckDB had no use for.
    taken_back: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Queries on DuckDB.
    leases: usize,
    /// What DuckDB may hold.
    lent: u64,
    /// Consumers of DataFusion's that can spill: they share what the others leave evenly.
    spillers: usize,
    spillable: u64,
    unspillable: u64,
    /// What one that can spill gave back last, by its number, until it asks again.
    given_back: HashMap<usize, u64>,
}

impl State {
    /// Whether DuckDB had more than it needs while it has nothing to do.
    fn take_back(&mut self, total: u64) -> bool {
        let idle = total / IDLE_PART;
        let is_idle = self.leases == 0 && self.lent > idle;
        if is_idle {
            self.lent = idle;
        }
        is_idle
    }

    fn held(&self) -> u64 {
        self.spillable.saturating_add(self.unspillable)
    }
}

impl Budget {
    pub fn new(total: u64) -> Self {
        let lent = total / IDLE_PART;
        let state = Mutex::new(State { lent, ..State::default() });
        Self(Arc::new(Shared { total, state, told: Mutex::new(lent), taken_back: Notify::new() }))
    }

    pub fn total(&self) -> u64 {
        self.0.total
    }

    /// What DuckDB may hold now.
    pub fn lent(&self) -> u64 {
        self.0.state.lock().lent
    }

    /// Tells DuckDB what it may hold now, if that is not what it was told last. `tell` says whether it took it.
    pub fn tell(&self, tell: impl FnOnce(u64) -> bool) {
        let mut told = self.0.told.lock();
        let lent = self.lent();
        if *told != lent && tell(lent) {
            *told = lent;
        }
    }

    /// Waits until DuckDB has had nothing to do for a while, or its part is needed, and takes the part back. A query that
    /// has begun by then keeps it.
    pub async fn settle(&self) {
        tokio::select! {
            () = tokio::time::sleep(LINGER) => {}
            () = self.0.taken_back.notified() => {}
        }
        self.0.state.lock().take_back(self.0.total);
    }

    /// A query on DuckDB begins. What it may hold is [`Budget::lent`] until the lease ends.
    pub fn lease(&self) -> Lease {
        let mut state = self.0.state.lock();
        state.leases += 1;
        if state.leases == 1 && state.lent == self.0.total / IDLE_PART {
            let total = self.0.total;
            let wanted = if state.held() == 0 { total / 4 * 3 } else { total / 2 };
            state.lent = wanted.min(total.saturating_sub(state.held())).max(total / LEAST_PART);
        }
        Lease(self.0.clone())
    }
}

/// One query's part in what DuckDB may hold.
#[derive(Debug)]
pub struct Lease(Arc<Shared>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.state.lock().leases -= 1;
    }
}

/// What DataFusion's operators ask for memory: the budget without what DuckDB may hold.
#[derive(Debug)]
pub struct Pool(pub Budget);

impl Pool {
    fn refused(consumer: &MemoryConsumer, wanted: usize, left: u64) -> DataFusionError {
        let (name, of) = (consumer.name(), "what --memory-limit leaves");
        DataFusionError::ResourcesExhausted(format!("{name} needs {wanted} bytes more, {left} are free of {of}"))
    }
}

impl MemoryPool for Pool {
    fn register(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            self.0.0.state.lock().spillers += 1;
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            let mut state = self.0.0.state.lock();
            state.spillers = state.spillers.saturating_sub(1);
            state.given_back.remove(&consumer.id());
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        let mut state = self.0.0.state.lock();
        if reservation.consumer().can_spill() {
            state.spillable += additional as u64;
        } else {
            state.unspillable += additional as u64;
        }
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        let mut state = self.0.0.state.lock();
        if reservation.consumer().can_spill() {
            state.spillable = state.spillable.saturating_sub(shrink as u64);
            state.given_back.insert(reservation.consumer().id(), shrink as u64);
        } else {
            state.unspillable = state.unspillable.saturating_sub(shrink as u64);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<(), DataFusionError> {
        let mut state = self.0.0.state.lock();
        match self.grown(&mut state, reservation, additional) {
            Err(_) if state.take_back(self.0.0.total) => {
                self.0.0.taken_back.notify_one();
                self.grown(&mut state, reservation, additional)
            }
            done => done,
        }
    }

    fn reserved(&self) -> usize {
        usize::try_from(self.0.0.state.lock().held()).unwrap_or(usize::MAX)
    }

    fn memory_limit(&self) -> MemoryLimit {
        let own = self.0.total().saturating_sub(self.0.lent());
        MemoryLimit::Finite(usize::try_from(own).unwrap_or(usize::MAX))
    }
}

impl Pool {
    fn grown(
        &self,
        state: &mut State,
        reservation: &MemoryReservation,
        additional: usize,
    ) -> Result<(), DataFusionError> {
        let own = self.0.0.total.saturating_sub(state.lent);
        let consumer = reservation.consumer();
        let wanted = additional as u64;
        if consumer.can_spill() {
            let share = own.saturating_sub(state.unspillable) / state.spillers.max(1) as u64;
            let held = reservation.size() as u64;
            let free = (own - own / UNSPILLABLE_PART).saturating_sub(state.held());
            let left = share.saturating_sub(held).min(free);
            let least = (self.0.0.total / SPILLER_PART).saturating_sub(held);
            let again = state.given_back.remove(&consumer.id()).map_or(0, |given| given * SORT_PART);
            if wanted > left.max(least).max(again) {
                return Err(Self::refused(consumer, additional, left));
            }
            state.spillable += wanted;
        } else {
            let left = own.saturating_sub(state.held());
            if wanted > left {
                return Err(Self::refused(consumer, additional, left));
            }
            state.unspillable += wanted;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consumer(pool: &Arc<dyn MemoryPool>, spills: bool) -> MemoryReservation {
        MemoryConsumer::new("test").with_can_spill(spills).register(pool)
    }

    #[test]
    fn both_engines_together_never_get_more_than_there_is() {
        let budget = Budget::new(1600);
        let pool: Arc<dyn MemoryPool> = Arc::new(Pool(budget.clone()));
        let held = consumer(&pool, false);
        assert!(held.try_grow(1501).is_err());
        assert!(held.try_grow(1000).is_ok());
        let lease = budget.lease();
        assert_eq!(budget.lent(), 600);
        assert!(held.try_grow(1).is_err(), "the rest is lent");
        drop(lease);
        assert_eq!(budget.lent(), 600, "nobody needs it yet");
        assert!(held.try_grow(500).is_ok());
        assert_eq!(budget.lent(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_large_where_nobody_else_is_at_work_and_never_nothing() {
        let budget = Budget::new(1600);
        let pool: Arc<dyn MemoryPool> = Arc::new(Pool(budget.clone()));
        let first = budget.lease();
        let second = budget.lease();
        assert_eq!(budget.lent(), 1200);
        drop(first);
        assert_eq!(budget.lent(), 1200, "one is still at work");
        drop(second);
        budget.settle().await;
        assert_eq!(budget.lent(), 100);
        let held = consumer(&pool, false);
        assert!(held.try_grow(1500).is_ok());
        let _lease = budget.lease();
        assert_eq!(budget.lent(), 400);
    }

    #[test]
    fn those_that_can_spill_share_what_is_left() {
        let budget = Budget::new(1600);
        let pool: Arc<dyn MemoryPool> = Arc::new(Pool(budget.clone()));
        let (one, other) = (consumer(&pool, true), consumer(&pool, true));
        assert!(one.try_grow(700).is_ok());
        assert!(one.try_grow(100).is_err());
        assert!(other.try_grow(600).is_ok());
        let late = consumer(&pool, true);
        assert!(late.try_grow(20).is_err());
        assert!(late.try_grow(10).is_ok(), "enough to have something to spill");
        assert!(consumer(&pool, false).try_grow(100).is_ok(), "who cannot spill finds something left");
        one.shrink(700);
        assert_eq!(pool.reserved(), 610);
    }

    #[test]
    fn one_that_gave_back_its_rows_may_have_them_again_to_sort_them() {
        let budget = Budget::new(1600);
        let pool: Arc<dyn MemoryPool> = Arc::new(Pool(budget.clone()));
        let first = consumer(&pool, true);
        assert!(first.try_grow(1200).is_ok());
        let later: Vec<_> = (0..7).map(|_| consumer(&pool, true)).collect();
        first.free();
        assert!(later.iter().all(|one| one.try_grow(180).is_ok()), "what it gave back is there for others");
        assert!(first.try_grow(2400).is_ok());
        assert!(first.try_grow(20).is_err(), "that was for once");
    }
}
