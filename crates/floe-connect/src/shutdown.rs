//! How a server ends: nobody new is let in, what runs gets a little time, and whoever is told of its end can still ask.
//!
//! A client that hears of an error asks twice more before it tells its user: for the error's details and for a setting
//! (PySpark 4.1). It tries for minutes when nobody answers. So the server still listens for a moment after it has
//! interrupted what ran. `server.rs` closes the connections afterwards.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::session::Sessions;

/// From the signal to the end, at most: a little less than the five seconds that supervisors give at least.
pub(crate) const STOP_MAX: Duration = Duration::from_millis(4_500);
/// What runs gets this long to end by itself; then it is interrupted.
const GRACE: Duration = Duration::from_secs(3);
/// And its clients this long to ask after it.
const FAREWELL: Duration = Duration::from_secs(1);
/// How often running operations are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Ready once nothing runs any more and everybody concerned has heard.
pub(crate) async fn farewell(sessions: &Sessions) {
    sessions.admit_no_more();
    if !sessions.are_busy() {
        return;
    }
    let at_rest = async {
        while sessions.are_busy() {
            sleep(LOOK).await;
        }
    };
    if timeout(GRACE, at_rest).await.is_err() {
        sessions.interrupt_all();
    }
    sleep(FAREWELL).await;
}
