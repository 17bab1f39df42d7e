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
const LINGER: Duration = Duration::from_secs(30);
/// What a query on DuckDB gets at the least, in parts of the whole, whatever DataFusion holds.
const LEAST_PART: u64 = 4;

/// Who can spill gets this much in any case, in parts of the whole: without it there is nothing to spill, and others that
/// came earlier may hold more than their share by now. Who holds less does not count among those who share.
const SPILLER_PART: u64 = 128;
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
    /// All there were so far.
    begun: u64,
    /// What DuckDB may hold.
    lent: u64,
    /// Consumers of DataFusion's that can spill, by their numbers: they share what the others leave evenly.
    spillers: HashMap<usize, Spiller>,
    /// Those of them that hold more than they get in any case.
    large: u64,
    spillable: u64,
    unspillable: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spiller {
    held: u64,
    /// What it was to hold when it was refused last. 0: nothing was refused since it got more.
    refused: u64,
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

    fn spiller(&self, id: usize) -> Spiller {
        self.spillers.get(&id).copied().unwrap_or_default()
    }

    /// A consumer that can spill holds so much from now on. `least` is what each gets in any case.
    fn holds(&mut self, id: usize, held: u64, least: u64) {
        let spiller = self.spillers.entry(id).or_default();
        self.large = self.large + u64::from(held > least) - u64::from(spiller.held > least);
        self.spillable = self.spillable.saturating_sub(spiller.held).saturating_add(held);
        spiller.held = held;
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

    /// Waits until DuckDB has had nothing to do for a while, or its part is needed, and takes the part back. Where a query
    /// has begun by then, that waits for its own end.
    pub async fn settle(&self) {
        let last = self.0.state.lock().begun;
        tokio::select! {
            () = tokio::time::sleep(LINGER) => {}
            () = self.0.taken_back.notified() => {}
        }
        let mut state = self.0.state.lock();
        if state.begun == last {
            state.take_back(self.0.total);
        }
    }

    /// A query on DuckDB begins. What it may hold is [`Budget::lent`] until the lease ends.
    pub fn lease(&self) -> Lease {
        let mut state = self.0.state.lock();
        state.leases += 1;
        state.begun += 1;
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
    fn unregister(&self, consumer: &MemoryConsumer) {
        if consumer.can_spill() {
            let mut state = self.0.0.state.lock();
            state.holds(consumer.id(), 0, self.least());
            state.spillers.remove(&consumer.id());
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.changed(reservation, |held| held.saturating_add(additional as u64));
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.changed(reservation, |held| held.saturating_sub(shrink as u64));
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
        let state = self.0.0.state.lock();
        // What DuckDB has no use for is had for the asking.
        let lent = if state.leases == 0 { state.lent.min(self.0.total() / IDLE_PART) } else { state.lent };
        let own = self.0.total().saturating_sub(lent);
        MemoryLimit::Finite(usize::try_from(own).unwrap_or(usize::MAX))
    }
}

impl Pool {
    /// What each that can spill gets in any case.
    fn least(&self) -> u64 {
        self.0.0.total / SPILLER_PART
    }

    fn changed(&self, reservation: &MemoryReservation, change: impl Fn(u64) -> u64) {
        let mut state = self.0.0.state.lock();
        let consumer = reservation.consumer();
        if consumer.can_spill() {
            let held = state.spiller(consumer.id()).held;
            state.holds(consumer.id(), change(held), self.least());
        } else {
            state.unspillable = change(state.unspillable);
        }
    }

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
            let least = self.least();
            let Spiller { held, refused } = state.spiller(consumer.id());
            let sharing = state.large + u64::from(held <= least);
            let share = own.saturating_sub(state.unspillable) / sharing;
            let free = (own - own / UNSPILLABLE_PART).saturating_sub(state.held());
            let left = share.saturating_sub(held).min(free);
            // An aggregate that is refused asks for what sorting its rows takes, before it writes them: no more than it was
            // refused, which counted that in. They are in memory in any case; who has not let go of most does not spill.
            let spills = held <= refused / 2 && held + wanted <= refused;
            let is_granted = spills || wanted <= left.max(least.saturating_sub(held));
            let spiller = state.spillers.entry(consumer.id()).or_default();
            spiller.refused = if is_granted { 0 } else { held.saturating_add(wanted) };
            if !is_granted {
                return Err(Self::refused(consumer, additional, left));
            }
            state.holds(consumer.id(), held + wanted, least);
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

    /// A budget that parts well, and what DataFusion sees of it.
    fn shared() -> (Budget, Arc<dyn MemoryPool>) {
        let budget = Budget::new(1600);
        (budget.clone(), Arc::new(Pool(budget)))
    }

    fn consumer(pool: &Arc<dyn MemoryPool>, spills: bool) -> MemoryReservation {
        MemoryConsumer::new("test").with_can_spill(spills).register(pool)
    }

    #[test]
    fn both_engines_together_never_get_more_than_there_is() {
        let (budget, pool) = shared();
        let held = consumer(&pool, false);
        assert!(held.try_grow(1501).is_err());
        assert!(held.try_grow(1000).is_ok());
        let lease = budget.lease();
        assert_eq!(budget.lent(), 600);
        assert!(held.try_grow(1).is_err(), "the rest is lent");
        drop(lease);
        assert_eq!(budget.lent(), 600, "nobody needs it yet");
        assert!(matches!(pool.memory_limit(), MemoryLimit::Finite(1500)), "it can be had");
        assert!(held.try_grow(500).is_ok());
        assert_eq!(budget.lent(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_large_where_nobody_else_is_at_work_and_never_nothing() {
        let (budget, pool) = shared();
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

    #[tokio::test(start_paused = true)]
    async fn duckdb_keeps_its_part_from_one_query_to_the_next() {
        let budget = Budget::new(1600);
        drop(budget.lease());
        let after_the_first = budget.settle();
        let second = async {
            tokio::time::sleep(LINGER / 2).await;
            drop(budget.lease());
        };
        tokio::join!(after_the_first, second);
        assert_eq!(budget.lent(), 1200);
        budget.settle().await;
        assert_eq!(budget.lent(), 100);
    }

    #[test]
    fn those_that_can_spill_share_what_is_left() {
        let (_, pool) = shared();
        let (one, other) = (consumer(&pool, true), consumer(&pool, true));
        assert!(one.try_grow(700).is_ok());
        assert!(other.try_grow(600).is_ok());
        assert!(one.try_grow(100).is_err(), "more than its share");
        let late = consumer(&pool, true);
        assert!(late.try_grow(20).is_err());
        assert!(late.try_grow(10).is_ok(), "enough to have something to spill");
        assert!(consumer(&pool, false).try_grow(100).is_ok(), "who cannot spill finds something left");
        one.shrink(700);
        assert_eq!(pool.reserved(), 610);
    }

    #[test]
    fn those_that_hold_next_to_nothing_do_not_count() {
        let (_, pool) = shared();
        let small: Vec<_> = (0..20).map(|_| consumer(&pool, true)).collect();
        assert!(small.iter().all(|one| one.try_grow(5).is_ok()));
        let one = consumer(&pool, true);
        assert!(one.try_grow(1000).is_ok());
        assert!(small[0].try_grow(200).is_ok());
        assert!(one.try_grow(10).is_err(), "there are two by now");
        small[0].free();
        assert!(one.try_grow(10).is_ok());
    }

    #[test]
    fn one_that_spills_may_have_what_it_was_refused_to_sort_its_rows() {
        let (_, pool) = shared();
        let first = consumer(&pool, true);
        assert!(first.try_grow(700).is_ok());
        let others: Vec<_> = (0..3).map(|_| consumer(&pool, true)).collect();
        assert!(others.iter().all(|one| one.try_grow(200).is_ok()));
        assert!(first.try_grow(500).is_err());
        assert!(first.try_grow(500).is_err(), "it has let go of nothing");
        first.free();
        assert!(others.iter().all(|one| one.try_grow(150).is_ok()), "what it gave back is there for others");
        assert!(first.try_grow(1000).is_ok());
        assert!(first.try_grow(100).is_err(), "that was for once");
    }
}
