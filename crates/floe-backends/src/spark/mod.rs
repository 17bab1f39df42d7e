//! A real Spark, reached by Spark Connect: whole operations, as their clients sent them.
//!
//! | file | what |
//! |---|---|
//! | `capabilities.rs` | what it can do: everything, for whoever speaks Spark Connect |
//! | `target.rs` | the address in the setting `spark`, or of a cluster that has a name |
//! | `clusters.rs` | [`Sparks`]: the one of the setting, and those that have a name |
//! | `token.rs` | where the token of every call comes from |
//! | `breaker.rs` | who may try a Spark that could not be reached |
//! | `client.rs` | the connection: calls whose messages are bytes |
//! | `refusal.rs` | what it refuses, as an error that keeps every byte of the refusal |
//! | `state.rs` | [`State`]: what a session there must hold before an operation runs |
//! | `upstream.rs` | [`Upstream`]: one session there, made when it is first needed and made again when it is lost |
//! | `follow.rs` | one operation there, followed to its end through lost connections |
//! | `frames.rs` | a message whose kept frames are read from views there |
//! | `execute.rs` | the backend itself |
//! | `local.rs` | a Spark of our own: found, started, watched, stopped |
//!
//! The client's message is never taken apart here: what must differ upstream (the session, the user) is appended to it,
//! and in protobuf the last value of a field counts.

mod breaker;
mod capabilities;
mod client;
mod clusters;
mod execute;
mod follow;
mod frames;
mod local;
mod refusal;
mod state;
mod target;
mod token;
mod upstream;

pub use clusters::Sparks;
pub use execute::Spark;
pub use local::{Installation, find};
pub use refusal::Refusal;
pub use state::{How, State, Step, Wire};
pub use target::{Address, Target};
pub use token::Token;
pub use upstream::Upstream;
