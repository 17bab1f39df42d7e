//! DataFusion, in process.
//!
//! `capabilities.rs` what it can do, `config.rs` how it is set up, `execute.rs` how a plan runs, `recursion.rs` how a
//! recursive query does.

mod capabilities;
mod config;
mod execute;
mod recursion;

pub use config::Config;
pub use execute::DataFusion;
