//! The engine: takes a query, makes it one plan, decides where it runs, runs it there, streams Arrow back.
//!
//! This is the crate to embed. [`Engine`] holds what all sessions share, [`Session`] what one client sees, and
//! `query.rs` is the only place that knows the order of the five steps.
//!
//! | file | what |
//! |---|---|
//! | `query.rs` | one query, top to bottom |
//! | `elsewhere.rs` | statements that another engine takes whole |
//! | `engine.rs` | [`Engine`]: settings, threads, backends, catalogs, sessions |
//! | `session.rs`, `session/` | [`Session`]: conf, temp views, current schema, kept frames, running operations |
//! | `catalogs.rs` | the catalogs a session can name |
//! | `compare.rs`, `compare/` | two results of one query, compared without holding them |
//! | `command.rs`, `command/` | one file per statement that does something |
//! | `write.rs` | rows into tables: into data files, or to the catalog that keeps them |
//! | `system/` | tables about the engine itself: `system.routes` |
//! | `cache.rs` | what `CACHE TABLE` keeps |
//! | `kept.rs`, `unread.rs` | rows that are kept, in memory or in a file; the same as EXPLAIN tells of them |
//! | `admission.rs` | how many heavy queries run at once, and who is next |
//! | `evidence.rs`, `evidence/` | what runs took, for who decides where the next one goes |
//! | `threads.rs` | the threads queries run on, with stacks for deep plans |

pub mod catalogs;
pub mod compare;
pub mod elsewhere;
pub mod engine;
pub mod execution;
pub mod face;
pub mod operation;
pub mod query;
pub mod session;
pub mod system;
pub mod threads;

mod admission;
mod cache;
mod command;
mod evidence;
mod fed;
mod kept;
mod unread;
mod write;

pub use engine::Engine;
pub use execution::{Answer, Execution, Observed};
pub use floe_backends::Forwarded;
pub use floe_backends::spark::{self, Refusal, Wire};
pub use floe_base::id::SessionKey;
pub use operation::Sent;
pub use query::Request;
pub use session::Session;

/// The names of the functions the engine knows, sorted: for completion and reference pages.
pub fn functions() -> Vec<&'static str> {
    let mut names: Vec<&str> = floe_functions::all().map(|(_, function)| function.name).collect();
    names.sort_unstable();
    names
}
