//! The REST face: Iceberg's REST catalog protocol over the catalog of this server.
//!
//! Spark, DuckDB, pyiceberg and whoever else speaks the protocol reads and writes the very tables that this server does; none
//! is moved for it. Every commit is the catalog's own: requirements are checked against the current metadata, and the name
//! is moved by compare and swap.
//!
//! `server.rs` listens, `routes.rs` is the table of endpoints, `routes/` holds what answers them, one file a resource. What
//! goes over the wire is read by `body.rs` and `page.rs`; refusals, in the protocol's own words, are `refusal.rs`. Names and
//! commits are `floe-iceberg`'s; who starts this is `floe-cli`.
//!
//! The protocol is `rest-catalog-open-api.yaml` of Iceberg 1.11.

mod body;
mod name;
mod page;
mod refusal;
mod routes;
mod server;

pub use server::{Options, serve};
