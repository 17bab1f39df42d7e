//! What Spark's functions mean: one file per function under `family/<family>/<function>.rs`.
//!
//! A function is a [`Function`]: names, kind, where it may run, and `bind`, which takes a [`Call`] with typed arguments
//! and gives back a [`Typed`] expression for the engine. Binding decides everything that depends on types and on the
//! session (ANSI, time zone): coercion of the arguments, the type and nullability of the result, the kernel.
//!
//! | file | what |
//! |---|---|
//! | `function.rs` | [`Function`]: the declaration, and the registry of all of them |
//! | `call.rs` | [`Call`]: what a call site hands over, and the helpers to read it |
//! | `typed.rs` | [`Typed`]: an expression of the engine with its type, nullability and whether it may raise |
//! | `kernel.rs` | [`Kernel`]: the one scalar function type of ours inside the engine |
//! | `rows.rs` | reading arguments row by row inside a kernel |
//! | `interrupt.rs` | [`Interrupt`]: how a running kernel hears that it may stop |
//! | `spelling.rs` | how a call is written in the SQL of another engine |
//! | `partition.rs` | functions whose values go by the partition of a row, and how they are told it |
//! | `context.rs` | [`Context`]: what a function may know of the session |
//! | `coerce.rs` | Spark's type coercion, ANSI and not |
//! | `cast/` | every cast between two types |
//! | `condition.rs` | AND, OR, CASE and the guards that keep a raising operand from being evaluated early |
//! | `family/` | the functions |
//! | `absent.rs` | the names of Spark's functions that are not here |
//!
//! Names of columns, aggregates' place in a plan and lambdas' scope are the resolver's business: `floe-plan`.

mod absent;
pub mod call;
pub mod cast;
pub mod coerce;
pub mod condition;
pub mod context;
pub mod function;
mod interrupt;
pub mod kernel;
pub mod loosen;
pub mod partition;
mod rows;
pub mod spelling;
pub mod typed;

#[cfg(test)]
mod testing;

mod family {
    include!(concat!(env!("OUT_DIR"), "/families.rs"));
}

pub use absent::{absent, is_absent, is_absent_for_api};
pub use call::{Call, Lambda};
pub use context::Context;
pub use family::aggregate::_in_order::{depends_on_order, in_order};
pub use family::aggregate::_moving::moving;
pub use family::comparison::_float::normalise as normalise_floats;
pub use family::csv::_fields::Fields as CsvFields;
pub use family::generator::_outer::outer;
pub use family::json::_records::Records as JsonRecords;
pub use family::regex::_pattern::Pattern as JavaPattern;
pub use function::{Function, FunctionKind, all, find, find_for_api};
pub use interrupt::Interrupt;
pub use kernel::{Arguments, Kernel};
pub use typed::Typed;
