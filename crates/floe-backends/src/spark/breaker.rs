//! Who may try a Spark that could not be reached: at first nobody, after a while one operation, and everybody once that
//! one came through.

use std::time::Duration;

use floe_base::{Error, Result};
use parking_lot::Mutex;
use tokio::time::Instant;

/// The first pause; each failure after it doubles the pause.
const PAUSE: Duration = Duration::from_secs(3);
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// An operation that tries and tells nothing of it does not keep others from trying for longer.
const TRIAL: Duration = Duration::from_secs(10);

/// Closed while all is well. Every question and answer comes with its time.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<Option<Open>>);

#[derive(Debug)]
struct Open {
    why: Error,
    failures: u32,
    until: Instant,
    /// One operation has been let through and has not told yet.
    is_tried: bool,
}

impl Breaker {
    /// # Errors
    /// Why the Spark could not be reached, as long as it is not to be tried again.
    pub(super) fn admit(&self, now: Instant) -> Result<()> {
        let mut open = self.0.lock();
        let Some(open) = open.as_mut() else { return Ok(()) };
        if now < open.until {
            return Err(open.why.clone());
        }
        (open.until, open.is_tried) = (now + TRIAL, true);
        Ok(())
    }

    pub(super) fn failed(&self, why: Error, now: Instant) {
        let mut open = self.0.lock();
        let failures = match open.as_ref() {
            // Operations that failed together are one failure.
            Some(open) if !open.is_tried && now < open.until => return,
            Some(open) => open.failures + 1,
            None => 0,
        };
        let pause = PAUSE.saturating_mul(1 << failures.min(5)).min(PAUSE_MAX);
        *open = Some(Open { why, failures, until: now + pause, is_tried: false });
    }

    pub(super) fn succeeded(&self) {
        *self.0.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_pause_one_tries_and_the_others_wait_for_it() {
        let (breaker, begin) = (Breaker::default(), Instant::now());
        let admits = |now| breaker.admit(now).is_ok();
        let away = || Error::internal("away");
        assert!(admits(begin));
        breaker.failed(away(), begin);
        breaker.failed(away(), begin);
        assert!(!admits(begin));
        let second = begin + PAUSE;
        assert!(admits(second) && !admits(second), "one tries");
        breaker.failed(away(), second);
        assert!(!admits(second + PAUSE), "the pause doubles");
        let third = second + 2 * PAUSE;
        assert!(admits(third));
        // It never tells; another one may try.
        assert!(!admits(third + PAUSE) && admits(third + TRIAL));
        breaker.succeeded();
        assert!(admits(third) && admits(third));
    }
}
