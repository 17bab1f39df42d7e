//! What a commit requires of the table it was made for.
//!
//! The texts are those of Iceberg's Java library (1.11 `UpdateRequirement`), which its users search for; the library below
//! tells neither what was expected nor what was found.

use std::fmt::Display;

use floe_base::{Error, Kind, Result};
use iceberg::TableRequirement;
use iceberg::spec::TableMetadata;

/// # Errors
/// `Kind::Conflict` with what was expected and what was found.
pub(super) fn check(requirement: &TableRequirement, table: &TableMetadata) -> Result<()> {
    match requirement {
        TableRequirement::NotExist => Err(failed("table already exists")),
        TableRequirement::UuidMatch { uuid } => same("UUID does not match: expected", uuid, &table.uuid()),
        TableRequirement::RefSnapshotIdMatch { r#ref, snapshot_id } => branch(r#ref, *snapshot_id, table),
        TableRequirement::LastAssignedFieldIdMatch { last_assigned_field_id } => {
            same("last assigned field id changed: expected id", last_assigned_field_id, &table.last_column_id())
        }
        TableRequirement::CurrentSchemaIdMatch { current_schema_id } => {
            same("current schema changed: expected id", current_schema_id, &table.current_schema_id())
        }
        TableRequirement::LastAssignedPartitionIdMatch { last_assigned_partition_id } => {
            let found = table.last_partition_id();
            same("last assigned partition id changed: expected id", last_assigned_partition_id, &found)
        }
        TableRequirement::DefaultSpecIdMatch { default_spec_id } => {
            let found = table.default_partition_spec_id();
            same("default partition spec changed: expected id", default_spec_id, &found)
        }
        TableRequirement::DefaultSortOrderIdMatch { default_sort_order_id } => {
            let found = table.default_sort_order_id();
            same("default sort order changed: expected id", default_sort_order_id, &found)
        }
    }
}

/// Branch or tag: `None` is one that shall not be there.
fn branch(name: &str, expected: Option<i64>, table: &TableMetadata) -> Result<()> {
    match (expected, table.snapshot_for_ref(name).map(|snapshot| snapshot.snapshot_id())) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(failed(&format!("branch {name} was created concurrently"))),
        (Some(expected), None) => Err(failed(&format!("branch or tag {name} is missing, expected {expected}"))),
        (Some(expected), Some(found)) => same(&format!("branch {name} has changed: expected id"), &expected, &found),
    }
}

fn same<T: PartialEq + Display>(what: &str, expected: &T, found: &T) -> Result<()> {
    match expected == found {
        true => Ok(()),
        false => Err(failed(&format!("{what} {expected} != {found}"))),
    }
}

fn failed(what: &str) -> Error {
    Error::message(Kind::Conflict, format!("Requirement failed: {what}"))
}
