//! Rows into tables: plans are run and their rows become data files, or go to the catalog that keeps them; commits are
//! `floe-iceberg`'s.
//!
//! The only place in the engine that writes files of tables. Nothing here decides what the rows are.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use floe_base::{Error, Result};
use floe_iceberg::table::Table;
use floe_iceberg::write::{NewFile, WriteOptions, write_files};
use floe_iceberg::{NullOrder, SortDirection, SortField, Transform};
use floe_plan::Planned;
use futures::{StreamExt, TryStreamExt};

use crate::session::Running;
use crate::{Session, query};

/// How a session writes files, where a table or a writer's options say no other (Iceberg 1.11 `SparkSQLProperties`).
pub(crate) fn options(session: &Session) -> WriteOptions {
    let conf = |key: &str| session.conf().raw(key);
    WriteOptions {
        threads: Some(session.engine().workers()),
        compression: conf("spark.sql.iceberg.compression-codec"),
        compression_level: conf("spark.sql.iceberg.compression-level"),
        ..WriteOptions::default()
    }
}

/// Runs a plan whose columns are the table's and writes its rows as data files nobody knows yet.
pub(crate) async fn rows(
    session: &Session,
    planned: &Planned,
    table: &Table,
    options: &WriteOptions,
    running: &Running,
) -> Result<Vec<NewFile>> {
    let stream = stream(session, &ordered(planned, table)?, running).await?;
    let work = write_files(table, vec![stream], options);
    running.operation.unless_interrupted(work).await
}

/// The rows as the table wants them written (`WRITE ORDERED BY`, `sortBy`), so that each of its files is sorted. An order
/// by anything but plain columns is left to those who rewrite the files.
fn ordered(planned: &Planned, table: &Table) -> Result<Planned> {
    let (order, schema) = (table.metadata.default_sort_order(), table.metadata.current_schema());
    let columns = planned.plan.schema().columns();
    let key = |field: &SortField| {
        let place = schema.as_struct().fields().iter().position(|column| column.id == field.source_id)?;
        let column = columns.get(place).filter(|_| field.transform == Transform::Identity)?;
        let ascending = field.direction == SortDirection::Ascending;
        Some(Expr::Column(column.clone()).sort(ascending, field.null_order == NullOrder::First))
    };
    match order.fields.iter().map(key).collect::<Option<Vec<_>>>() {
        Some(keys) if !keys.is_empty() => {
            let plan = LogicalPlanBuilder::from(planned.plan.clone()).sort(keys)?.build()?;
            Ok(Planned { plan, ..planned.clone() })
        }
        _ => Ok(planned.clone()),
    }
}

/// Runs a plan whose columns are a table's; its rows come under the table's names.
pub(crate) async fn stream(
    session: &Session,
    planned: &Planned,
    running: &Running,
) -> Result<SendableRecordBatchStream> {
    let decision = query::decided_here(session, planned, &running.operation).await?;
    let (batches, _) = query::execute(session, planned, decision, running).await?;
    let schema = planned.schema();
    let renamed = batches.map({
        let schema = schema.clone();
        move |batch| query::rename(batch?, &schema)
    });
    let stream = renamed.map_err(DataFusionError::from).boxed();
    Ok(Box::pin(RecordBatchStreamAdapter::new(schema, stream)))
}

/// The data files a plan of one column `_file` names.
pub(crate) async fn touched(session: &Session, planned: &Planned) -> Result<HashSet<String>> {
    let batches = query::collect(session, planned).await?;
    let mut files = HashSet::new();
    for batch in batches {
        files.extend(texts(&batch)?.iter().flatten().map(str::to_string));
    }
    Ok(files)
}

fn texts(batch: &RecordBatch) -> Result<StringArray> {
    let column = batch.columns().first().ok_or_else(|| Error::internal("a plan of touched files without a column"))?;
    let texts: Arc<dyn Array> = cast(column, &DataType::Utf8)?;
    let texts = texts.as_any().downcast_ref::<StringArray>().cloned();
    texts.ok_or_else(|| Error::internal("names of files that are no texts"))
}
