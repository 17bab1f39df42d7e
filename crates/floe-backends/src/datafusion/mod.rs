//! DataFusion, in process.
//!
//! `capabilities.rs` what it can do, `config.rs` how it is set up, `execute.rs` how a plan runs.

mod capabilities;
mod config;
mod execute;

pub use config::Config;
pub use execute::DataFusion;
