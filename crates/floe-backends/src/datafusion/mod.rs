//! DataFusion, in process.
//!
//! `capabilities.rs` what it can do, `config.rs` how it is set up, `execute.rs` how a plan runs, `in_order.rs` how its
//! partitions become one result, `pause.rs` how it lets others run too, `recursion.rs` how a recursive query runs.

mod capabilities;
mod config;
mod execute;
mod in_order;
mod pause;
mod recursion;

pub use config::Config;
pub use execute::DataFusion;
