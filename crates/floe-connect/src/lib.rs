//! Spark Connect over gRPC: the only crate that knows requests, reattaching, and how an error becomes a status.
//!
//! Requests become the tree of `floe-syntax`, `floe-engine` runs it, Arrow goes back. Read in this order:
//!
//! | module | what |
//! |---|---|
//! | [`server`] | listening, TLS, limits |
//! | `shutdown` | how a server ends |
//! | `service`, `handlers` | the twelve calls, one file each |
//! | `decode` | messages become the unresolved tree |
//! | `encode` | batches, schemas and metrics become messages |
//! | `session`, `operation`, `stream` | what a client may come back to: sessions, operations, the responses of one |
//! | `mentions` | what a request names, for a backend that takes it whole |
//! | `artifact` | uploads |
//! | `error` | errors become statuses |
//! | [`embedded`] | a client in this process |
//! | `auth`, `tombstone` | the token; what is gone and remembered |

pub mod embedded;
pub mod server;

mod artifact;
mod auth;
mod decode;
mod encode;
mod error;
mod handlers;
mod mentions;
mod operation;
mod service;
mod session;
mod shutdown;
mod source;
mod stream;
mod tombstone;

pub use server::{Options, serve};
