//! What `CALL catalog.system.…` does to a table: moves of its branches (`moves.rs`), expiry of snapshots (`expire.rs`).
//!
//! Names, rules and texts are those of Iceberg 1.11's procedures for Spark. Arguments and result rows are the engine's.

mod expire;
mod moves;

pub use self::expire::{Expire, Expired, expire_snapshots};
pub use self::moves::{Moved, ancestors_of, fast_forward, rollback_to_snapshot, rollback_to_timestamp, set_current};
