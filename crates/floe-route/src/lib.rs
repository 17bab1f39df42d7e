//! Where a query should run, and why. Data in, data out: no IO, no engine, no async.
//!
//! [`facts`] what is known of the query, [`capability`] what each backend can do, [`policy`] what the people in charge
//! want, [`decide`] the decision, [`explain`] the decision as rows and as text.

pub mod capability;
pub mod decide;
pub mod explain;
pub mod facts;
pub mod policy;

pub use capability::Capability;
pub use decide::{Decision, decide};
pub use facts::{Facts, TableFacts};
pub use policy::{Policy, Wish};
