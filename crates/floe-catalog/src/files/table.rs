//! Tables over files, opened: their columns are known, so they may be empty, and of a partitioned one only the folders
//! are read that its catalog knows as partitions (Spark 4.1 `CatalogFileIndex`).
//!
//! What a catalog keeps of them is [`super::registered`]; files by path are opened by [`super::open`].

use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Union, ident, lit};
use datafusion::scalar::ScalarValue;
use floe_base::{Error, Kind, Result};
use floe_syntax::relation::Files;

use super::listed::Below;
use super::registered::Registered;
use super::{Readers, are_there, columns, local, opened, partition_folder, projected, rows, url};
use crate::Table;

/// Below a table without known partitions: a folder that is not there, so that options are looked at all the same. No
/// listing would tell of it.
const NOWHERE: &str = "_no_partition";

/// Opens a table; `files` is what it was created with.
pub async fn open(kept: &Registered, files: &Files, state: &SessionState, readers: &Readers<'_>) -> Result<Table> {
    let format = kept.format.to_lowercase();
    let Some(given) = files.schema.as_ref() else { return super::open(&format, files, state, readers).await };
    let given = columns(given)?;
    if !kept.partitioned_by.is_empty() {
        return partitioned(kept, files, &given, state, readers).await;
    }
    if is_there(&kept.path) {
        return super::open(&format, files, state, readers).await;
    }
    let folder = Below::list(vec![url(&format!("{}/", kept.path.trim_end_matches('/')))?], state).await?;
    let nothing = rows(&format, &folder, Some(given), &files.options, state, readers).await?;
    Ok(opened(format, nothing, 0))
}

/// Is there a folder or file? What is not local is asked for its files.
fn is_there(path: &str) -> bool {
    let local = local(path);
    local.contains("://") || Path::new(local).exists()
}

/// The rows of all known partitions, each with its values behind its columns.
async fn partitioned(
    kept: &Registered,
    files: &Files,
    given: &SchemaRef,
    state: &SessionState,
    readers: &Readers<'_>,
) -> Result<Table> {
    let (own, keys) = parted(given, &kept.partitioned_by);
    let mut bytes = 0;
    let mut parts = Vec::new();
    for partition in &kept.partitions {
        let values = values(partition, &keys)?;
        let path = format!("{}/{partition}", kept.path.trim_end_matches('/'));
        if is_there(&path) {
            let below = Below::list(vec![url(&path)?], state).await?;
            are_there(&below, std::slice::from_ref(&path))?;
            bytes += below.bytes();
            let rows = rows(&kept.format, &below, Some(own.clone()), &files.options, state, readers).await?;
            parts.push(with_values(rows, &own, &keys, values)?);
        }
    }
    if parts.is_empty() {
        let nowhere = url(&format!("{}/{NOWHERE}/", kept.path.trim_end_matches('/')))?;
        let folder = Below::list(vec![nowhere], state).await?;
        let nothing = rows(&kept.format, &folder, Some(own.clone()), &files.options, state, readers).await?;
        let nulls = keys.iter().map(|key| Ok(ScalarValue::try_from(key.data_type())?)).collect::<Result<_>>()?;
        parts.push(with_values(nothing, &own, &keys, nulls)?);
    }
    // A value that all rows share is no NULL, but the table's column takes one.
    let fields: Vec<_> = own.fields().iter().chain(&keys).cloned().collect();
    Ok(Table { schema: Arc::new(Schema::new(fields)), ..opened(kept.format.clone(), together(parts)?, bytes) })
}

/// The columns in the files, and those in the names of folders.
fn parted(given: &Schema, partitioned_by: &[String]) -> (SchemaRef, Vec<Arc<Field>>) {
    let is_key = |field: &&Arc<Field>| partitioned_by.iter().any(|key| key.eq_ignore_ascii_case(field.name()));
    let own: Vec<_> = given.fields().iter().filter(|field| !is_key(field)).cloned().collect();
    (Arc::new(Schema::new(own)), given.fields().iter().filter(is_key).cloned().collect())
}

/// The values of a partition, in the types of its columns.
fn values(partition: &str, keys: &[Arc<Field>]) -> Result<Vec<ScalarValue>> {
    let wrong = || Error::message(Kind::Operation, format!("{partition} is no partition of this table"));
    let folders: Vec<&str> = partition.split('/').collect();
    if folders.len() != keys.len() {
        return Err(wrong());
    }
    let value = |(folder, key): (&&str, &Arc<Field>)| {
        let (_, value) = partition_folder::read(folder).ok_or_else(wrong)?;
        Ok(ScalarValue::Utf8(value).cast_to(key.data_type()).map_err(|error| wrong().caused_by(error))?)
    };
    folders.iter().zip(keys).map(value).collect()
}

/// True for types whose values are told from the names of folders without a session's settings.
pub fn is_partition_type(data_type: &DataType) -> bool {
    data_type.is_numeric() || matches!(data_type, DataType::Boolean | DataType::Utf8 | DataType::Date32)
}

fn with_values(
    rows: Arc<dyn TableProvider>,
    own: &Schema,
    keys: &[Arc<Field>],
    values: Vec<ScalarValue>,
) -> Result<Arc<dyn TableProvider>> {
    let mut expressions: Vec<Expr> = own.fields().iter().map(|field| ident(field.name())).collect();
    expressions.extend(values.into_iter().zip(keys).map(|(value, key)| lit(value).alias(key.name())));
    projected(rows, expressions)
}

/// The rows of several providers of the same columns.
fn together(mut parts: Vec<Arc<dyn TableProvider>>) -> Result<Arc<dyn TableProvider>> {
    if parts.len() == 1 {
        return parts.pop().ok_or_else(|| Error::internal("a table without its part"));
    }
    let scan = |(index, part): (usize, Arc<dyn TableProvider>)| {
        let scan = LogicalPlanBuilder::scan(format!("part{index}"), provider_as_source(part), None)?;
        let names: Vec<Expr> =
            scan.schema().columns().into_iter().map(|column| Expr::Column(column.clone()).alias(column.name)).collect();
        Ok(Arc::new(scan.project(names)?.build()?))
    };
    let inputs = parts.into_iter().enumerate().map(scan).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(ViewTable::new(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?), None)))
}
