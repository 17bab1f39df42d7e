//! The engines that run plans: one folder each, the same anatomy in all, one trait.
//!
//! | file | what |
//! |---|---|
//! | `backend.rs` | [`Backend`]: what a backend must offer |
//! | `datafusion/` | in process, on DataFusion |
//! | `duckdb/` | in process, on DuckDB |
//!
//! A backend never sees the wire and never decides whether it should run: that is `floe-route`'s.

pub mod backend;
pub mod datafusion;
pub mod duckdb;

pub use backend::{Backend, Batches, Run};
