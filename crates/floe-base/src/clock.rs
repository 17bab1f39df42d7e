//! The time, behind a type, so that tests can own it.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Gives the time of day. The system's by default; tests fix it.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    Fixed(Arc<SystemTime>),
}

impl Clock {
    pub fn now(&self) -> SystemTime {
        match self {
            Clock::System => SystemTime::now(),
            Clock::Fixed(time) => **time,
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z; zero for a clock set before that.
    pub fn micros(&self) -> i64 {
        let since: Duration = self.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }
}
