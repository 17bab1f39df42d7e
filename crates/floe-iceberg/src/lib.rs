//! Iceberg tables: the one place in this process that commits.
//!
//! A statement takes a [`table::Table`] from a [`catalog::IcebergCatalog`], reads it through a provider of DataFusion's, writes
//! files and commits them in one snapshot. Every backend's rows take this road. Plans, types of expressions and SQL are not
//! here; which table a name means is `floe-catalog`'s.
//!
//! # Statement to call
//!
//! | statement | calls, in order |
//! |---|---|
//! | `SELECT` | [`table::Table::load`], [`table::Table::provider`] with [`scan::ScanOptions`] |
//! | `… VERSION AS OF`, `TIMESTAMP AS OF` | the same with [`scan::ScanOptions::version`] |
//! | `CREATE [OR REPLACE] TABLE` | [`table::create_table`] |
//! | `CREATE [OR REPLACE] TABLE … AS` | [`table::stage_table`], [`write::write_files`], [`commit::append`] |
//! | `INSERT INTO` | [`write::write_files`], [`commit::append`] |
//! | `INSERT OVERWRITE`, static | [`write::write_files`], [`commit::overwrite_where`] |
//! | `INSERT OVERWRITE`, dynamic | [`write::write_files`], [`commit::overwrite_partitions`] |
//! | `TRUNCATE`, `DELETE` without condition | [`commit::delete_all`] |
//! | `DELETE … WHERE` on partitions | [`commit::delete_files_where`]; `None` means rows must be rewritten, as below |
//! | `DELETE`, `UPDATE`, `MERGE` | provider with [`scan::ScanOptions::row_identity`] to find touched files, provider with [`scan::ScanOptions::files`] to read them, [`write::write_files`], [`commit::overwrite_files`] |
//! | `ALTER TABLE`, branches, tags | [`alter`] |
//! | `CREATE [OR REPLACE] VIEW`, `ALTER VIEW` | [`view::create_view`], [`view::alter_view_properties`] |
//! | `t.snapshots`, `t.files`, … | [`inspect::inspect`] |
//! | `CALL catalog.system.…` | [`procedure`] |
//!
//! A provider, a write and a commit of one statement use one `Table` value: one version of the table. Whatever a statement wrote
//! and did not commit is deleted when it fails; an unknown outcome deletes nothing and says so.
//!
//! # Reading order

pub mod catalog;
pub mod config;
pub mod embedded;
pub mod error;
pub mod rest;

pub mod alter;
pub mod table;
pub mod time_travel;
pub mod view;

pub mod commit;
pub mod inspect;
pub mod plan;
pub mod procedure;
pub mod scan;
pub mod write;

pub mod arrow_schema;
pub mod manifest;
pub mod metadata_file;
pub mod storage;
pub mod value;

/// How long a branch or tag and its snapshots are kept.
pub use iceberg::spec::SnapshotRetention;
/// How a column becomes a partition value.
pub use iceberg::spec::{NullOrder, SortDirection, SortField, Transform};
