//! DataFusion, in process.
//!
//! `capabilities.rs` what it can do, `config.rs` how it is set up, `execute.rs` how a plan runs, `in_order.rs` how its
//! partitions become one result, `pause.rs` how it lets others run too, `recursion.rs` how a recursive query runs,
//! `slices.rs` what a generator takes at once, `source_order.rs` which plans show the order of their source,
//! `watched.rs` an operator between two others.

mod capabilities;
mod config;
mod execute;
mod in_order;
mod pause;
mod recursion;
mod slices;
mod source_order;
mod watched;

pub use config::Config;
pub use execute::DataFusion;
