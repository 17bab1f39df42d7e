//! The engines that run plans: one folder each, the same anatomy in all, one trait.
//!
//! | file | what |
//! |---|---|
//! | `backend.rs` | [`Backend`]: what a backend must offer |
//! | `datafusion/` | in process, on DataFusion |
//! | `duckdb/` | in process, on DuckDB |
//! | `long_values.rs` | the long values that functions make, as far as a query's numbers say |
//! | `memory.rs` | the one budget of memory of the engines in this process |
//! | `spark/` | a real Spark, which takes clients' messages whole |
//!
//! A backend never sees our wire and never decides whether it should run: that is `floe-route`'s.

pub mod backend;
pub mod datafusion;
pub mod duckdb;
mod long_values;
pub mod memory;
pub mod spark;

pub use backend::{Backend, Batches, Forwarded, Outcome, Run, Work};
