//! Deletes by value: rows equal to a deleted one, null equal to null, are left out by an anti-join.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::{JoinType, NullEquality};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use floe_base::{Error, Result};

use super::adapt::FieldMap;
use super::any_field;
use super::deletes::read_columns;
use super::source::DataScan;
use crate::manifest::FileEntry;
use crate::table::Table;

/// The plan's rows without those the delete files name. One join per set of key columns.
pub(super) async fn without(
    table: &Table,
    scan: &DataScan,
    deletes: &[Arc<FileEntry>],
    mut plan: Arc<dyn ExecutionPlan>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let mut by_keys: BTreeMap<Vec<i32>, Vec<&Arc<FileEntry>>> = BTreeMap::new();
    for delete in deletes {
        by_keys.entry(delete.file.equality_ids().unwrap_or_default()).or_default().push(delete);
    }
    for (ids, files) in by_keys {
        let gone = deleted_values(table, &ids, &files).await?;
        plan = anti_join(gone, plan, scan, &ids)?;
    }
    Ok(plan)
}

async fn deleted_values(table: &Table, ids: &[i32], files: &[&Arc<FileEntry>]) -> Result<Arc<dyn ExecutionPlan>> {
    let mut columns = Vec::with_capacity(ids.len());
    for id in ids {
        let field = any_field(table, table.metadata.current_schema(), *id)?;
        columns.push((format!("deleted {id}"), field));
    }
    let map = FieldMap::new(&table.metadata, columns)?;
    let mut batches = Vec::new();
    for file in files {
        batches.extend(read_columns(&table.storage, file, &map).await?);
    }
    Ok(MemorySourceConfig::try_new_exec(&[batches], map.engine_schema(), None)?)
}

fn anti_join(
    gone: Arc<dyn ExecutionPlan>,
    rows: Arc<dyn ExecutionPlan>,
    scan: &DataScan,
    ids: &[i32],
) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = rows.schema();
    let mut on: Vec<(Arc<dyn PhysicalExpr>, Arc<dyn PhysicalExpr>)> = Vec::with_capacity(ids.len());
    for (position, id) in ids.iter().enumerate() {
        let name = scan.key_name(*id).ok_or_else(|| Error::internal("a delete key is not scanned"))?;
        let index = schema.index_of(name)?;
        on.push((Arc::new(Column::new(&format!("deleted {id}"), position)), Arc::new(Column::new(name, index))));
    }
    let join = HashJoinExec::try_new(
        gone,
        rows,
        on,
        None,
        &JoinType::RightAnti,
        None,
        PartitionMode::CollectLeft,
        NullEquality::NullEqualsNull,
        false,
    )?;
    Ok(Arc::new(join))
}
