//! DuckDB, in process.
//!
//! | file | what |
//! |---|---|
//! | `config.rs` | how it is set up: memory, temporary files, threads |
//! | `database.rs` | the one database in memory, its connections, the functions it may call back |
//! | `callback.rs` | expressions that DuckDB has this process compute |
//! | `dialect.rs`, `types.rs`, `literal.rs` | its SQL |
//! | `scan/` | how tables reach it: their files, or a stream of rows |
//! | `remote.rs` | files in object storage, fetched where its extension is installed |
//! | `copies.rs` | columns of files that are read again and again, in a file of its own |
//! | `attached/` | files of DuckDB's own and other databases, as catalogs |
//! | `extension.rs` | its extensions, where they are installed |
//! | `statement.rs` | one query of a plan, with all it needs while it runs |
//! | `execute.rs` | how a plan runs |
//! | `uncounted.rs` | memory that it holds and does not count |
//! | `conform.rs` | arrays of the plan's types, and of those that stand for them in DuckDB |
//! | `ways.rs` | which functions ran there, and which here when it called back |
//! | `failure.rs` | what its errors mean |

mod attached;
mod callback;
mod config;
mod conform;
mod copies;
mod database;
mod dialect;
mod execute;
mod extension;
mod failure;
mod literal;
mod remote;
mod scan;
mod statement;
mod types;
mod uncounted;
mod ways;

pub use attached::AttachedKind;
pub use config::Config;
pub use execute::DuckDb;
pub use ways::Ways;
