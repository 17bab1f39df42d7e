//! Names to tables and views: what a name means, before any query looks inside.
//!
//! | file | what |
//! |---|---|
//! | `name.rs` | [`ObjectName`]: catalog, namespace and name, whole |
//! | `table.rs` | [`Table`]: a resolved table: schema, scan, size, and which backends can reach it |
//! | `view.rs` | [`View`]: a view's text or frame, and the names its text was written under |
//! | `catalog.rs` | [`Catalog`]: the trait every catalog stands behind |
//! | `iceberg.rs` | Iceberg catalogs, embedded and REST, as a [`Catalog`] |
//! | `function.rs` | [`UserFunction`]: a function of a user's, as it is kept |
//! | `kept.rs` | what a namespace keeps in properties: tables over files, functions |
//! | `files.rs` | parquet, CSV, JSON, text by path, as tables |
//!
//! What needs the engine itself (temp views of a session, system tables) implements [`Catalog`] in `floe-engine`, and
//! DuckDB's files do in `floe-backends`.

pub mod catalog;
pub mod files;
pub mod function;
pub mod iceberg;
mod kept;
pub mod name;
pub mod table;
pub mod view;

pub use catalog::{Catalog, Found};
pub use function::{FoundFunction, UserFunction};
pub use name::ObjectName;
pub use table::{Statistics, Table};
pub use view::View;
