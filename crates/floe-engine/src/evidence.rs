//! What runs took: the latest times of each plan on each engine, for who decides where it runs next.
//!
//! Kept in memory, bounded, and written to a file of the data folder by a thread of its own: nobody waits for it, and
//! without the file only what other processes have learnt is missing.

mod file;
mod timed;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use floe_base::id::BackendId;
use floe_route::Measured;
use parking_lot::Mutex;

pub(crate) use timed::timed;

/// Plans that are remembered; the one that was asked for longest ago is forgotten first.
const PLANS_MAX: usize = 10_000;
/// Runs of a plan on one engine that count.
const RUNS: usize = 5;
/// Runs that wait to be written down; more are only remembered.
const WAITING: usize = 1024;

/// One run that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The fingerprint of the plan.
    pub(crate) plan: u64,
    pub(crate) backend: BackendId,
    pub(crate) micros: u64,
}

/// The times of all plans.
#[derive(Debug)]
pub(crate) struct Evidence {
    known: Arc<Mutex<Known>>,
    writer: Option<Writer>,
}

#[derive(Debug)]
struct Writer {
    /// Closed before the thread is waited for.
    runs: Option<SyncSender<Ran>>,
    thread: Option<JoinHandle<()>>,
}

impl Evidence {
    /// The evidence of a data folder; without one, of this process alone.
    pub(crate) fn open(path: Option<PathBuf>) -> Self {
        let known: Arc<Mutex<Known>> = Arc::default();
        let writer = path.and_then(|path| Writer::start(path, known.clone()));
        Self { known, writer }
    }

    pub(crate) fn add(&self, ran: Ran) {
        self.known.lock().add(ran);
        if let Some(runs) = self.writer.as_ref().and_then(|writer| writer.runs.as_ref()) {
            // A full queue loses a line of a file that is a help and no more.
            let _ = runs.try_send(ran);
        }
    }

    /// What a plan has taken on a backend.
    pub(crate) fn of(&self, plan: u64, backend: BackendId) -> Option<Measured> {
        self.known.lock().of(plan, backend)
    }
}

impl Writer {
    fn start(path: PathBuf, known: Arc<Mutex<Known>>) -> Option<Self> {
        let (runs, queue) = sync_channel(WAITING);
        let work = move || file::keep(&path, &known, &queue);
        match std::thread::Builder::new().name("floe-evidence".into()).spawn(work) {
            Ok(thread) => Some(Self { runs: Some(runs), thread: Some(thread) }),
            Err(error) => {
                tracing::warn!(%error, "times of runs are not written down");
                None
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.runs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is remembered.
#[derive(Debug, Default)]
struct Known {
    plans: HashMap<u64, Plan>,
    /// Counts what is asked and told, as a clock for forgetting.
    now: u64,
}

#[derive(Debug, Default)]
struct Plan {
    times: HashMap<BackendId, VecDeque<u64>>,
    used: u64,
}

impl Known {
    fn add(&mut self, ran: Ran) {
        self.now += 1;
        if self.plans.len() >= PLANS_MAX && !self.plans.contains_key(&ran.plan) {
            self.forget();
        }
        let plan = self.plans.entry(ran.plan).or_default();
        plan.used = self.now;
        let times = plan.times.entry(ran.backend).or_default();
        times.push_back(ran.micros);
        if times.len() > RUNS {
            times.pop_front();
        }
    }

    /// Forgets the tenth that nobody has asked for longest, so that this is not done at every run.
    fn forget(&mut self) {
        let mut used: Vec<u64> = self.plans.values().map(|plan| plan.used).collect();
        used.sort_unstable();
        let Some(limit) = used.get(used.len() / 10).copied() else { return };
        self.plans.retain(|_, plan| plan.used > limit);
    }

    fn of(&mut self, plan: u64, backend: BackendId) -> Option<Measured> {
        self.now += 1;
        let plan = self.plans.get_mut(&plan)?;
        plan.used = self.now;
        let mut times: Vec<u64> = plan.times.get(&backend)?.iter().copied().collect();
        times.sort_unstable();
        // Of two the lower: what made a run slow may have been anything.
        let micros = *times.get((times.len().checked_sub(1)?) / 2)?;
        Some(Measured { micros, runs: u32::try_from(times.len()).unwrap_or(u32::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(plan: u64, backend: BackendId, micros: u64) -> Ran {
        Ran { plan, backend, micros }
    }

    #[test]
    fn the_latest_runs_count_and_of_them_the_middle() {
        let evidence = Evidence::open(None);
        for micros in [900, 10, 30, 20, 50, 40] {
            evidence.add(ran(1, BackendId::DuckDb, micros));
        }
        assert_eq!(evidence.of(1, BackendId::DuckDb), Some(Measured { micros: 30, runs: 5 }));
        assert_eq!(evidence.of(1, BackendId::DataFusion), None);
        assert_eq!(evidence.of(2, BackendId::DuckDb), None);
    }

    #[test]
    fn what_was_asked_for_lately_is_kept_and_the_rest_is_bounded() {
        let evidence = Evidence::open(None);
        let plans = PLANS_MAX as u64;
        for plan in 0..plans {
            evidence.add(ran(plan, BackendId::DuckDb, 1));
        }
        assert!(evidence.of(0, BackendId::DuckDb).is_some());
        for plan in plans..plans + 10 {
            evidence.add(ran(plan, BackendId::DuckDb, 1));
        }
        assert!(evidence.of(0, BackendId::DuckDb).is_some(), "it was asked for");
        assert!(evidence.of(1, BackendId::DuckDb).is_none(), "the oldest is forgotten");
        assert!(evidence.known.lock().plans.len() <= PLANS_MAX);
    }

    #[test]
    fn it_outlives_the_process_and_two_may_share_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("evidence.db");
        let (one, other) = (Evidence::open(Some(path.clone())), Evidence::open(Some(path.clone())));
        one.add(ran(u64::MAX, BackendId::DuckDb, 10));
        other.add(ran(u64::MAX, BackendId::DataFusion, 20));
        drop((one, other));
        let next = Evidence::open(Some(path));
        wait(|| next.of(u64::MAX, BackendId::DataFusion).is_some());
        assert_eq!(next.of(u64::MAX, BackendId::DuckDb), Some(Measured { micros: 10, runs: 1 }));
    }

    #[test]
    fn a_file_that_is_none_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("evidence.db");
        std::fs::write(&path, "no database at all, but long enough to be taken for one").expect("a file");
        let evidence = Evidence::open(Some(path.clone()));
        evidence.add(ran(7, BackendId::DuckDb, 10));
        drop(evidence);
        let next = Evidence::open(Some(path));
        wait(|| next.of(7, BackendId::DuckDb).is_some());
    }

    /// What another thread does soon.
    fn wait(is_done: impl Fn() -> bool) {
        for _ in 0..500 {
            if is_done() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("it did not happen");
    }
}
