//! DataFusion, in process.
//!
//! `capabilities.rs` what it can do, `config.rs` how it is set up, `execute.rs` how a plan runs, `at_hand.rs` which
//! plans have nothing to run, `drawn.rs` how a plan is shown, `fence.rs` what nothing crosses, `file_order.rs` which
//! files come first, `in_order.rs` how a plan's partitions become one result, `in_parts.rs` how many groups are grouped
//! and `part.rs` which of them at a time, `joins.rs` which joins sort both sides, `known_counts.rs` what statistics
//! answer, `one_table.rs` which joins keep a side for all threads, `own_batches.rs` what is kept of a large batch,
//! `pause.rs` how a plan lets others run too, `planner.rs` which operators are ours, `recursion.rs` how a recursive
//! query runs, `slices.rs` what a generator takes at once, `small_joins.rs` whose order a small join's rows have,
//! `sorts.rs` how a sort ends and what it keeps, `source_order.rs` which plans show the order of their source,
//! `watched.rs` an operator between two others, `wide_rows.rs` how many rows a batch has.

mod at_hand;
mod capabilities;
mod config;
mod crowded;
mod drawn;
mod execute;
mod fence;
mod file_order;
mod in_order;
mod in_parts;
mod joins;
mod known_counts;
mod one_table;
mod own_batches;
mod part;
mod pause;
mod planner;
mod recursion;
mod row_bytes;
mod slices;
mod small_joins;
mod sorts;
mod source_order;
mod watched;
mod wide_rows;

pub use config::Config;
pub use execute::DataFusion;
