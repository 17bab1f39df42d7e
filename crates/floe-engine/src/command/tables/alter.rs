//! `ALTER TABLE`: columns, properties, location, partition fields, order, branches and tags.

use std::sync::Arc;

use floe_base::{Error, Kind, Result};
use floe_iceberg::alter::{self, ColumnChange as Change, PartitionChange, PartitionField, Place};
use floe_iceberg::table::OrderBy;
use floe_iceberg::{SnapshotRetention, Transform as IcebergTransform};
use floe_syntax::command::{AddColumn, AlterTable, ColumnChange, ColumnDefinition, ColumnPosition, Transform};
use floe_syntax::relation::TableName;

use super::Target;
use super::create::{no_operation, partition_by};
use crate::{Execution, Session};

pub(crate) async fn run(session: &Arc<Session>, name: &TableName, action: AlterTable) -> Result<Execution> {
    let target = session.target(name).await?;
    let table = &target.iceberg;
    match action {
        AlterTable::AddColumns(columns) => {
            let changes = columns.into_iter().map(|column| add(&target, column)).collect::<Result<Vec<_>>>()?;
            alter::alter_columns(table, &changes).await?;
        }
        AlterTable::DropColumns { columns, if_exists } => {
            let known = |path: &Vec<String>| has(&target, path);
            let changes: Vec<Change> = columns
                .into_iter()
                .filter(|path| !if_exists || known(path))
                .map(|path| Change::Drop { path })
                .collect();
            alter::alter_columns(table, &changes).await?;
        }
        AlterTable::RenameColumn { column, to } => {
            alter::alter_columns(table, &[Change::Rename { path: column, to }]).await?;
        }
        AlterTable::AlterColumn { column, changes } => {
            let changes =
                changes.into_iter().map(|change| changed(&target, &column, change)).collect::<Result<Vec<_>>>()?;
            alter::alter_columns(table, &changes).await?;
        }
        AlterTable::ReplaceColumns(columns) => replace_columns(&target, columns).await?,
        AlterTable::SetProperties(properties) => {
            alter::alter_properties(table, properties.into_iter().collect(), &[]).await?;
        }
        // A key that is not there is no error, with IF EXISTS or without (Spark 4.1, tables of catalogs).
        AlterTable::UnsetProperties { keys, .. } => {
            alter::alter_properties(table, Default::default(), &keys).await?;
        }
        AlterTable::SetLocation(location) => {
            alter::set_location(table, &location).await?;
        }
        AlterTable::AddPartitionField { transform, name } => {
            let mut field = partition_by(&transform)?;
            field.name = name;
            alter::alter_partitioning(table, &[PartitionChange::Add(field)]).await?;
        }
        AlterTable::DropPartitionField(transform) => {
            alter::alter_partitioning(table, &[PartitionChange::Drop(field(&target, &transform)?)]).await?;
        }
        AlterTable::ReplacePartitionField { from, to, name } => {
            let mut new = partition_by(&to)?;
            new.name = name;
            let change = PartitionChange::Replace { old: field(&target, &from)?, new };
            alter::alter_partitioning(table, &[change]).await?;
        }
        AlterTable::WriteOrderedBy { orders, distributed: false, .. } => {
            let orders = orders.iter().map(order).collect::<Result<Vec<_>>>()?;
            alter::set_order(table, &orders).await?;
        }
        AlterTable::WriteOrderedBy { .. } => return Err(Error::unsupported("WRITE DISTRIBUTED BY PARTITION")),
        AlterTable::CreateBranchOrTag { is_tag, name, snapshot_id, or_replace, if_not_exists, retain_ms } => {
            if if_not_exists && table.refs().contains_key(&name) {
                return Ok(Execution::empty());
            }
            let retention = if is_tag {
                SnapshotRetention::Tag { max_ref_age_ms: retain_ms }
            } else {
                SnapshotRetention::branch(None, None, retain_ms)
            };
            alter::create_ref(table, &name, snapshot_id, retention, or_replace).await?;
        }
        AlterTable::DropBranchOrTag { name, if_exists, .. } => {
            if !if_exists || table.refs().contains_key(&name) {
                alter::drop_ref(table, &name).await?;
            }
        }
        AlterTable::SetIdentifierFields(_) | AlterTable::DropIdentifierFields(_) => {
            return Err(Error::unsupported("identifier fields of a table"));
        }
        AlterTable::Unsupported(what) if what.ends_with("CONSTRAINT") => {
            return Err(no_operation(&target.whole(), "ALTER TABLE ... ADD CONSTRAINT"));
        }
        AlterTable::Unsupported(what) => return Err(Error::unsupported(what)),
    }
    Ok(Execution::empty())
}

fn has(target: &Target, path: &[String]) -> bool {
    let first = path.first().map(String::as_str).unwrap_or_default();
    target.table.schema.fields().iter().any(|field| field.name().eq_ignore_ascii_case(first))
}

fn add(target: &Target, column: AddColumn) -> Result<Change> {
    let definition = column.definition;
    refuse_default(target, &definition)?;
    let field = definition.field.to_arrow();
    Ok(Change::Add {
        path: column.path,
        data_type: field.data_type().clone(),
        nullable: field.is_nullable(),
        comment: definition.field.comment,
        place: column.position.map(place),
    })
}

fn refuse_default(target: &Target, definition: &ColumnDefinition) -> Result<()> {
    if definition.default.is_some() {
        return Err(no_operation(&target.whole(), "column default value").at(&definition.origin));
    }
    match &definition.generated {
        Some(generated) => Err(Error::unsupported(format!("generated column {generated}")).at(&definition.origin)),
        None => Ok(()),
    }
}

fn place(position: ColumnPosition) -> Place {
    match position {
        ColumnPosition::First => Place::First,
        ColumnPosition::After(column) => Place::After(column),
    }
}

fn changed(target: &Target, column: &[String], change: ColumnChange) -> Result<Change> {
    let path = column.to_vec();
    Ok(match change {
        ColumnChange::Type(data_type) => Change::Retype { path, data_type: data_type.to_arrow() },
        ColumnChange::Comment(comment) => Change::Comment { path, comment: Some(comment) },
        ColumnChange::SetNotNull => Change::Nullable { path, nullable: false },
        ColumnChange::DropNotNull => Change::Nullable { path, nullable: true },
        ColumnChange::Position(position) => Change::Move { path, place: place(position) },
        ColumnChange::SetDefault(_) | ColumnChange::DropDefault => {
            return Err(no_operation(&target.whole(), "column default value"));
        }
    })
}

/// `REPLACE COLUMNS`: the old ones go, the new ones come, even under the same names.
async fn replace_columns(target: &Target, columns: Vec<ColumnDefinition>) -> Result<()> {
    let old = target.table.schema.fields().iter().map(|field| Change::Drop { path: vec![field.name().clone()] });
    let mut changes: Vec<Change> = old.collect();
    for definition in columns {
        let path = vec![definition.field.name.clone()];
        changes.push(add(target, AddColumn { path, definition, position: None })?);
    }
    alter::alter_columns(&target.iceberg, &changes).await?;
    Ok(())
}

/// A partition field as DDL names it: by a transform, or a bare word that is the field's own name or its column.
fn field(target: &Target, transform: &Transform) -> Result<PartitionField> {
    let name = transform.column.join(".");
    let is_column = has(target, &transform.column);
    if transform.name.eq_ignore_ascii_case("identity") && !is_column {
        return Ok(PartitionField::Named(name));
    }
    let found = partition_by(transform)?;
    Ok(PartitionField::Of { column: found.column, transform: found.transform })
}

fn order((transform, ascending, nulls_first): &(Transform, bool, bool)) -> Result<OrderBy> {
    let found = partition_by(transform)?;
    if found.transform == IcebergTransform::Void {
        return Err(Error::message(Kind::IllegalArgument, "a sort order of nothing"));
    }
    Ok(OrderBy { column: found.column, transform: found.transform, descending: !ascending, nulls_first: *nulls_first })
}
