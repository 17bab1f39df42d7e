//! The one budget of memory for the engines of this process: who may hold how much of it, as queries come and go.
//!
//! DataFusion may hold all of it while DuckDB has nothing to do. A query on DuckDB takes a lease; as long as there is one,
//! DuckDB may hold half, or three quarters where DataFusion holds nothing, and DataFusion the rest. DataFusion is never
//! asked to give back what it holds: DuckDB gets less then, and DataFusion spills before it takes more.

use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use parking_lot::Mutex;

/// What DuckDB may keep of the files it has read while it has nothing to do, in parts of the whole.
const IDLE_PART: u64 = 16;
/// What a query on DuckDB gets at the least, in parts of the whole, whatever DataFusion holds.
const LEAST_PART: u64 = 4;

/// The budget, shared by the engines.
#[derive(Clone, Debug)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    total: u64,
    state: Mutex<State>,
    /// Held while DuckDB is told, so that what it is told last is what holds.
    telling: Mutex<()>,
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
}

impl State {
    fn held(&self) -> u64 {
        self.spillable.saturating_add(self.unspillable)
    }
}

impl Budget {
    pub fn new(total: u64) -> Self {
        let state = State { lent: total / IDLE_PART, ..State::default() };
        Self(Arc::new(Shared { total, state: Mutex::new(state), telling: Mutex::default() }))
    }

    pub fn total(&self) -> u64 {
        self.0.total
    }

    /// What DuckDB may hold now.
    pub fn lent(&self) -> u64 {
        self.0.state.lock().lent
    }

    /// Tells DuckDB what it may hold now.
    pub fn tell(&self, tell: impl FnOnce(u64)) {
        let _one_at_a_time = self.0.telling.lock();
        tell(self.lent());
    }

    /// A query on DuckDB begins. What it may hold is [`Budget::lent`] until the lease ends.
    pub fn lease(&self) -> Lease {
        let mut state = self.0.state.lock();
        state.leases += 1;
        if state.leases == 1 {
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
        let mut state = self.0.state.lock();
        state.leases -= 1;
        if state.leases == 0 {
            state.lent = self.0.total / IDLE_PART;
        }
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
        } else {
            state.unspillable = state.unspillable.saturating_sub(shrink as u64);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<(), DataFusionError> {
        let mut state = self.0.0.state.lock();
        let own = self.0.0.total.saturating_sub(state.lent);
        let consumer = reservation.consumer();
        let wanted = additional as u64;
        if consumer.can_spill() {
            let share = own.saturating_sub(state.unspillable) / state.spillers.max(1) as u64;
            let left = share.saturating_sub(reservation.size() as u64).min(own.saturating_sub(state.held()));
            if wanted > left {
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

    fn reserved(&self) -> usize {
        usize::try_from(self.0.0.state.lock().held()).unwrap_or(usize::MAX)
    }

    fn memory_limit(&self) -> MemoryLimit {
        let own = self.0.total().saturating_sub(self.0.lent());
        MemoryLimit::Finite(usize::try_from(own).unwrap_or(usize::MAX))
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
        assert!(held.try_grow(500).is_ok());
    }

    #[test]
    fn a_lease_is_large_where_nobody_else_is_at_work_and_never_nothing() {
        let budget = Budget::new(1600);
        let pool: Arc<dyn MemoryPool> = Arc::new(Pool(budget.clone()));
        let first = budget.lease();
        let second = budget.lease();
        assert_eq!(budget.lent(), 1200);
        drop(first);
        assert_eq!(budget.lent(), 1200, "one is still at work");
        drop(second);
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
        assert!(one.try_grow(750).is_ok());
        assert!(one.try_grow(1).is_err());
        assert!(other.try_grow(750).is_ok());
        one.shrink(750);
        assert_eq!(pool.reserved(), 750);
    }
}
