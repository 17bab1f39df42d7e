//! Gives a query its meaning: the unresolved tree in, one `LogicalPlan` out, and the facts about it.
//!
//! | file | what |
//! |---|---|
//! | `lower.rs` | the story: collect names, load them, lower synchronously over that snapshot |
//! | `lookup.rs` | [`Lookup`]: what the resolver asks of a session: names to tables, and small queries run on the way |
//! | `planned.rs` | [`Planned`]: a plan with the client's names beside its column ids |
//! | `walk.rs` | the tables and files a tree names |
//! | `snapshot.rs` | what is loaded: one version of each table per statement |
//! | `resolver.rs` | what one lowering carries with it, and what surrounds a relation |
//! | `scope.rs` | the columns an expression can see, and how a name finds one |
//! | `rows.rs` | a plan with its scope, and the small steps relations are built of |
//! | `projected.rs` | the columns of a projection |
//! | `relation/` | one file per relation |
//! | `expression/` | one file per kind of expression |
//! | `write/` | INSERT, UPDATE, DELETE, MERGE as the rows they write |
//! | `name.rs` | the name Spark gives a column nobody named |
//! | `problem.rs` | Spark's errors about names |
//! | `recursion.rs` | the operator of `WITH RECURSIVE` |
//! | `facts.rs`, `reads.rs`, `whole_joins.rs` | what a router wants to know: the shape of a plan, what its scans read, and which tables meet whole |
//! | `pruned.rs` | what is left of that when filters leave out files |
//! | `fingerprint.rs` | what makes two plans the same work |
//! | `same.rs` | what makes two plans the same rows |
//! | `routine.rs` | a call of a user's function: its body, over the arguments |
//! | `kept.rs` | rows that were kept, in the place of what they were computed from |
//! | `parsed.rs` | a tree before it has a meaning, for people |
//!
//! There is one resolver, for SQL and DataFrame alike. It never touches the wire and never names a backend.

pub mod facts;
pub mod lookup;
pub mod lower;
pub mod planned;
pub mod write;

mod by_partition;
mod expression;
mod fingerprint;
mod kept;
mod name;
mod parsed;
mod problem;
mod projected;
mod pruned;
mod reads;
pub mod recursion;
mod relation;
mod resolver;
mod routine;
mod rows;
mod same;
mod scope;
mod snapshot;
#[cfg(test)]
mod testing;
mod walk;
mod whole_joins;

pub use by_partition::fence::{Fence, is_fence};
pub use expression::constant::fold;
pub use facts::{Loaded, facts};
pub use fingerprint::fingerprint;
pub use kept::{Pattern, Provide};
pub use lookup::{Lookup, Temporary, Under, Variables};
pub use lower::{lower_identifier, lower_query, tables_named};
pub use parsed::parsed;
pub use planned::Planned;
pub use pruned::prune;
pub use reads::reads_files;
pub use recursion::{Recursion, RecursionLimits};
pub use routine::check_routine;
pub use same::{Versions, same, semantic_hash};
