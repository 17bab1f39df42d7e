//! INSERT, UPDATE, DELETE, MERGE as the rows they write.
//!
//! A statement that changes rows in place is written down as queries over the same tree everybody else uses, so that
//! names, coercion and errors are those of any query: which files hold rows that change ([`Rewrite::touched`]), and what
//! those files' rows are afterwards ([`Rewrite::rows`]). Who runs them and commits is `floe-engine`. Copy-on-write: rows
//! that do not change are written again as they are.
//!
//! `align.rs` fits a query's columns to a table's, `delete.rs`, `update.rs`, `merge.rs` write the queries, `build.rs` is
//! the vocabulary they are written in.

mod align;
mod build;
mod delete;
mod merge;
mod update;

use floe_syntax::Relation;
use floe_syntax::relation::TableName;

pub use align::{Columns, align, align_by_name};
pub use delete::delete;
pub use merge::merge;
pub use update::update;

/// The table a statement changes, as its queries need to know it.
#[derive(Clone, Copy, Debug)]
pub struct TargetTable<'a> {
    /// Its whole name, for errors.
    pub name: &'a [String],
    pub columns: &'a [String],
}

/// A statement that changes rows in place, as queries.
#[derive(Clone, Debug)]
pub struct Rewrite {
    pub target: TableName,
    /// One column, `_file`: the data files with rows that change.
    pub touched: Relation,
    /// Refuses a MERGE in which two source rows change one target row: one row a violation, none when all is well.
    pub violations: Option<Relation>,
    /// What the touched files' rows are afterwards, in the table's columns; the target must be read from the touched
    /// files only. Rows that are new are among them.
    pub rows: Relation,
    /// True where rows may be new though no file is touched.
    pub inserts: bool,
}
