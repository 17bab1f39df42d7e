//! ALTER TABLE: every change here is one commit of metadata and touches no data file.
//!
//! Columns are `columns.rs`. Partition fields, sort order, properties, location and refs stand below. Nothing is retried: when
//! somebody else altered the table in between, the statement fails with a conflict.

mod columns;
mod reuse_ids;

use std::collections::HashMap;

use floe_base::{Error, Kind, Result};
use iceberg::spec::{
    FormatVersion, PartitionSpec, SnapshotReference, SnapshotRetention, Transform, UnboundPartitionField,
    UnboundPartitionSpec,
};
use iceberg::{TableRequirement, TableUpdate};

pub use self::columns::{ColumnChange, Place, alter_columns};
pub(crate) use self::reuse_ids::reuse_ids;
use crate::arrow_schema::column_not_found;
use crate::catalog::Properties;
use crate::commit::update_metadata;
use crate::error::Lift;
use crate::table::{OrderBy, PartitionBy, Table, partition_name, sort_order};

/// `SET TBLPROPERTIES`, `UNSET TBLPROPERTIES`, `COMMENT ON TABLE` (the property `comment`).
///
/// `format-version` upgrades the table, as in Spark.
pub async fn alter_properties(table: &Table, mut set: Properties, unset: &[String]) -> Result<Table> {
    let mut updates = Vec::new();
    if let Some(version) = set.remove("format-version") {
        let format_version = match version.as_str() {
            "1" => FormatVersion::V1,
            "2" => FormatVersion::V2,
            "3" => FormatVersion::V3,
            other => return Err(Error::unsupported(format!("Iceberg format version {other}"))),
        };
        if format_version < table.metadata.format_version() {
            let text = format!("Cannot downgrade v{} table to v{version}", table.metadata.format_version() as u8);
            return Err(Error::message(Kind::IllegalArgument, text));
        }
        updates.push(TableUpdate::UpgradeFormatVersion { format_version });
    }
    if !set.is_empty() {
        updates.push(TableUpdate::SetProperties { updates: set.into_iter().collect::<HashMap<_, _>>() });
    }
    if !unset.is_empty() {
        updates.push(TableUpdate::RemoveProperties { removals: unset.to_vec() });
    }
    update_metadata(table, Vec::new(), updates).await
}

/// `SET LOCATION`: where new files go; the old ones stay.
pub async fn set_location(table: &Table, location: &str) -> Result<Table> {
    let location = location.trim_end_matches('/').to_string();
    update_metadata(table, Vec::new(), vec![TableUpdate::SetLocation { location }]).await
}

// -- partition fields ----------------------------------------------------------------------------------------------------

/// A partition field as ALTER TABLE names it: by its own name, or by what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionField {
    Named(String),
    Of { column: String, transform: Transform },
}

/// One change of how new rows are partitioned. Files that are there stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartitionChange {
    Add(PartitionBy),
    Drop(PartitionField),
    Replace { old: PartitionField, new: PartitionBy },
}

/// `ADD | DROP | REPLACE PARTITION FIELD`.
///
/// # Errors
/// A field that is not there, or there already.
pub async fn alter_partitioning(table: &Table, changes: &[PartitionChange]) -> Result<Table> {
    let mut fields: Vec<UnboundPartitionField> =
        table.metadata.default_partition_spec().fields().iter().map(|field| field.clone().into_unbound()).collect();
    for change in changes {
        match change {
            PartitionChange::Add(new) => add_field(table, &mut fields, new)?,
            PartitionChange::Drop(old) => drop_field(table, &mut fields, old)?,
            PartitionChange::Replace { old, new } => {
                drop_field(table, &mut fields, old)?;
                add_field(table, &mut fields, new)?;
            }
        }
    }
    // The catalog settles the id; Java reads none that is absent.
    let next_id = table.metadata.partition_specs_iter().map(|spec| spec.spec_id()).max().unwrap_or_default() + 1;
    let builder = UnboundPartitionSpec::builder().with_spec_id(next_id).add_partition_fields(fields);
    let spec = builder.lift()?.build();
    let requirements = vec![
        TableRequirement::DefaultSpecIdMatch { default_spec_id: table.metadata.default_partition_spec_id() },
        TableRequirement::LastAssignedPartitionIdMatch {
            last_assigned_partition_id: table.metadata.last_partition_id(),
        },
    ];
    let updates = vec![TableUpdate::AddSpec { spec }, TableUpdate::SetDefaultSpec { spec_id: -1 }];
    update_metadata(table, requirements, updates).await
}

fn add_field(table: &Table, fields: &mut Vec<UnboundPartitionField>, new: &PartitionBy) -> Result<()> {
    let source_id = source_id(table, &new.column)?;
    let same = |field: &PartitionFieldParts| field.source_id == source_id && field.transform == new.transform;
    if let Some(known) = fields.iter().map(parts).find(same) {
        let text = format!(
            "Cannot add duplicate partition field {}({}), conflicts with {}",
            new.transform, new.column, known.name
        );
        return Err(Error::message(Kind::IllegalArgument, text));
    }
    let name = new.name.clone().unwrap_or_else(|| default_name(&new.column, new.transform));
    // Java takes the id of an equal field of an older spec again, so that its values stay one column in metadata tables.
    let earlier = table.metadata.partition_specs_iter().flat_map(|spec| spec.fields()).find(|field| {
        field.source_id == source_id
            && field.transform == new.transform
            && new.name.as_ref().is_none_or(|name| *name == field.name)
    });
    let field_id = earlier.map(|field| field.field_id);
    let name = earlier.filter(|_| new.name.is_none()).map_or(name, |field| field.name.clone());
    fields.push(UnboundPartitionField { source_id, field_id, name, transform: new.transform });
    Ok(())
}

/// Names of fields added later carry the width of a bucket or truncation (Iceberg 1.10 `BaseUpdatePartitionSpec`).
fn default_name(column: &str, transform: Transform) -> String {
    match transform {
        Transform::Bucket(buckets) => format!("{column}_bucket_{buckets}"),
        Transform::Truncate(width) => format!("{column}_trunc_{width}"),
        other => partition_name(column, other),
    }
}

/// Format version 1 keeps a dropped field in place as `void`, because its tuples are told by position.
fn drop_field(table: &Table, fields: &mut Vec<UnboundPartitionField>, old: &PartitionField) -> Result<()> {
    let position = match old {
        PartitionField::Named(name) => fields.iter().position(|field| field.name == *name),
        PartitionField::Of { column, transform } => {
            let source_id = source_id(table, column)?;
            fields.iter().position(|field| field.source_id == source_id && field.transform == *transform)
        }
    };
    let Some(position) = position else {
        let shown = match old {
            PartitionField::Named(name) => name.clone(),
            PartitionField::Of { column, transform } => format!("{transform}({column})"),
        };
        return Err(Error::message(Kind::IllegalArgument, format!("Cannot find partition field to remove: {shown}")));
    };
    if table.metadata.format_version() == FormatVersion::V1 {
        if let Some(field) = fields.get_mut(position) {
            field.transform = Transform::Void;
        }
    } else {
        fields.remove(position);
    }
    Ok(())
}

struct PartitionFieldParts<'a> {
    source_id: i32,
    transform: Transform,
    name: &'a str,
}

fn parts(field: &UnboundPartitionField) -> PartitionFieldParts<'_> {
    PartitionFieldParts { source_id: field.source_id, transform: field.transform, name: &field.name }
}

fn source_id(table: &Table, column: &str) -> Result<i32> {
    let schema = table.metadata.current_schema();
    let found = schema.field_by_name(column).or_else(|| schema.field_by_name_case_insensitive(column));
    found.map(|field| field.id).ok_or_else(|| column_not_found(column, schema))
}

/// `WRITE ORDERED BY`; an empty order is `WRITE UNORDERED`.
pub async fn set_order(table: &Table, order: &[OrderBy]) -> Result<Table> {
    let sort_order = sort_order(table.metadata.current_schema(), order)?;
    let requirements = vec![TableRequirement::DefaultSortOrderIdMatch {
        default_sort_order_id: table.metadata.default_sort_order_id(),
    }];
    let updates =
        vec![TableUpdate::AddSortOrder { sort_order }, TableUpdate::SetDefaultSortOrder { sort_order_id: -1 }];
    update_metadata(table, requirements, updates).await
}

// -- branches and tags ---------------------------------------------------------------------------------------------------

/// `CREATE [OR REPLACE] BRANCH | TAG`. `snapshot` is the current one when `None`.
///
/// # Errors
/// A ref that is there already without `replace`; a table without snapshots.
pub async fn create_ref(
    table: &Table,
    name: &str,
    snapshot: Option<i64>,
    retention: SnapshotRetention,
    replace: bool,
) -> Result<Table> {
    let existing = table.refs().remove(name);
    if existing.is_some() && !replace {
        return Err(Error::message(Kind::IllegalArgument, format!("Ref {name} already exists")));
    }
    let Some(snapshot_id) = snapshot.or_else(|| table.metadata.current_snapshot_id()) else {
        let text =
            format!("Cannot complete create or replace branch operation on {}, main has no snapshot", table.ident);
        return Err(Error::message(Kind::IllegalArgument, text));
    };
    if table.metadata.snapshot_by_id(snapshot_id).is_none() {
        let text = format!("Cannot set {name} to unknown snapshot: {snapshot_id}");
        return Err(Error::message(Kind::IllegalArgument, text));
    }
    let unchanged = TableRequirement::RefSnapshotIdMatch {
        r#ref: name.to_string(),
        snapshot_id: existing.map(|found| found.snapshot_id),
    };
    let reference = SnapshotReference::new(snapshot_id, retention);
    let update = TableUpdate::SetSnapshotRef { ref_name: name.to_string(), reference };
    update_metadata(table, vec![unchanged], vec![update]).await
}

/// `DROP BRANCH | TAG`.
///
/// # Errors
/// A ref that is not there; `main`, which cannot go.
pub async fn drop_ref(table: &Table, name: &str) -> Result<Table> {
    if name == iceberg::spec::MAIN_BRANCH {
        return Err(Error::message(Kind::IllegalArgument, "Cannot remove main branch"));
    }
    let Some(existing) = table.refs().remove(name) else {
        return Err(Error::message(Kind::IllegalArgument, format!("Branch or tag does not exist: {name}")));
    };
    let unchanged =
        TableRequirement::RefSnapshotIdMatch { r#ref: name.to_string(), snapshot_id: Some(existing.snapshot_id) };
    let update = TableUpdate::RemoveSnapshotRef { ref_name: name.to_string() };
    update_metadata(table, vec![unchanged], vec![update]).await
}

/// The partition spec new rows are written with, for `DESCRIBE`.
pub fn partitioning(table: &Table) -> Vec<PartitionBy> {
    let spec: &PartitionSpec = table.metadata.default_partition_spec();
    let schema = table.metadata.current_schema();
    let shown = spec.fields().iter().filter(|field| field.transform != Transform::Void);
    shown
        .map(|field| PartitionBy {
            column: schema.name_by_field_id(field.source_id).unwrap_or_default().to_string(),
            transform: field.transform,
            name: Some(field.name.clone()),
        })
        .collect()
}
