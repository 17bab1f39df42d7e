//! Where a query should run, and why. Data in, data out: no IO, no engine, no async.
//!
//! [`facts`] what is known of the query, [`capability`] what each backend can do, [`policy`] what the people in charge
//! want, [`cost`] what it is expected to take, [`decide`] the decision, [`explain`] the decision as rows and as text.

pub mod capability;
pub mod cost;
pub mod decide;
pub mod explain;
pub mod facts;
pub mod policy;

pub use capability::{Capability, Measured, Opinion};
pub use cost::{Cost, stays};
pub use decide::{Decision, decide};
pub use facts::{Facts, Reads, Shape, TableFacts, WholeJoin};
pub use policy::{Policy, Subject, Wish};
