//! How the tables of a plan reach DuckDB: it reads their files itself where it reads them as we do, and otherwise gets a
//! stream of their rows from DataFusion's scan.

mod files;
mod filters;
mod iceberg;
mod parquet;
mod stream;

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{LogicalPlan, TableScan};
use floe_base::Result;
use floe_iceberg::scan::IcebergTable;
use floe_plan::Planned;
use floe_route::Facts;
use floe_sql::write::{Needed, Refused};

use super::attached::AttachedTable;
use super::copies::Copies;
use super::database::Database;
use super::statement::{Opened, Purpose};
use super::types;
use crate::datafusion::DataFusion;
#[cfg(test)]
pub(super) use files::File;
pub(super) use files::Files;
pub(super) use stream::{FUNCTION as ROWS, Streamed, Streams};

/// One table of a plan, as it reaches DuckDB.
#[derive(Debug)]
pub(super) enum Source {
    Files(Files),
    Stream(Streamed),
    /// A table of a file of DuckDB's own.
    Attached(AttachedTable),
}

impl Source {
    /// What tells its rows from others; `None` for rows that are handed over, each time for one reader.
    pub(super) fn rows(&self) -> Option<String> {
        match self {
            Self::Files(files) => Some(files.rows()),
            Self::Stream(_) => None,
            Self::Attached(table) => Some(table.rows()),
        }
    }

    /// A query over the table that gives these of its columns, by their places, under these names.
    pub(super) fn query(
        &self,
        schema: &DFSchema,
        columns: &[(usize, String)],
        purpose: Purpose,
        opened: &mut Opened,
    ) -> Result<String, Refused> {
        match self {
            Self::Files(files) => files.query(schema, columns, purpose, opened),
            Self::Stream(stream) => stream.query(schema, columns, opened),
            Self::Attached(table) => table.query(schema, columns),
        }
    }
}

/// The tables of a plan by the names of their scans, subqueries included.
pub(super) async fn sources(
    plan: &LogicalPlan,
    datafusion: &Arc<DataFusion>,
    database: &Arc<Database>,
) -> Result<HashMap<String, Source>> {
    let mut found = HashMap::new();
    let needed = Needed::of(plan);
    let mut conditions = filters::of_scans(plan);
    for scan in scans(plan)? {
        let name = scan.table_name.table().to_string();
        let conditions = filters::unqualified(&conditions.remove(&name).unwrap_or_default());
        if let Some(attached) = attached(&scan)? {
            found.insert(name, attached);
            continue;
        }
        let files = match parquet::files(&scan, datafusion).await? {
            Some(files) => Some(files),
            None => iceberg::files(&scan, &needed, &conditions, datafusion, database).await?,
        };
        let source = match files {
            Some(files) => Source::Files(files),
            None => Source::Stream(Streamed::new(provider(&scan)?, datafusion).with_conditions(conditions)),
        };
        found.insert(name, source);
    }
    Ok(found)
}

/// The same without looking for files: enough to tell whether the plan can be written.
pub(super) fn unread(plan: &LogicalPlan, datafusion: &Arc<DataFusion>) -> Result<HashMap<String, Source>> {
    let source = |scan: TableScan| {
        let source = match attached(&scan)? {
            Some(attached) => attached,
            None => Source::Stream(Streamed::new(provider(&scan)?, datafusion)),
        };
        Ok((scan.table_name.table().to_string(), source))
    };
    scans(plan)?.into_iter().map(source).collect()
}

/// About how many rows each of the scans gives, by its name.
pub(super) fn counts(planned: &Planned, facts: &Facts) -> HashMap<String, u64> {
    let scans: Vec<(String, Arc<dyn TableProvider>)> = scans(&planned.plan)
        .unwrap_or_default()
        .iter()
        .filter_map(|scan| Some((scan.table_name.table().to_string(), provider(scan).ok()?)))
        .collect();
    let mut counts = HashMap::new();
    for (table, loaded) in facts.tables.iter().zip(&planned.tables) {
        let own = scans.iter().filter(|(_, provider)| Arc::ptr_eq(provider, &loaded.provider));
        let rows = table.reads_rows() / own.clone().count().max(1) as u64;
        counts.extend(own.map(|(name, _)| (name.clone(), rows)));
    }
    counts
}

/// How many of the scans read tables of whose files there is a copy.
pub(super) fn copied(plan: &LogicalPlan, copies: &Copies) -> u64 {
    let place = |scan: &TableScan| {
        let provider = provider(scan).ok()?;
        let of_paths = provider.as_any().downcast_ref::<ListingTable>().map(parquet::place);
        of_paths
            .or_else(|| Some(provider.as_any().downcast_ref::<IcebergTable>()?.table().metadata.location().to_string()))
    };
    let scans = scans(plan).unwrap_or_default();
    scans.iter().filter(|scan| place(scan).is_some_and(|place| copies.has(&place))).count() as u64
}

/// A table that is DuckDB's own already.
fn attached(scan: &TableScan) -> Result<Option<Source>> {
    let provider = provider(scan)?;
    Ok(provider.as_any().downcast_ref::<AttachedTable>().cloned().map(Source::Attached))
}

fn scans(plan: &LogicalPlan) -> Result<Vec<TableScan>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            found.push(scan.clone());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

fn provider(scan: &TableScan) -> Result<Arc<dyn TableProvider>> {
    Ok(source_as_provider(&scan.source)?)
}

/// `CAST("from" AS type) AS "to"`, for each of the columns.
pub(super) fn renamed(
    schema: &DFSchema,
    from: impl Fn(usize) -> String,
    columns: &[(usize, String)],
) -> Result<String, Refused> {
    let mut list = Vec::with_capacity(columns.len());
    for (index, to) in columns {
        list.push(format!("CAST({} AS {}) AS {to}", from(*index), types::name(schema.field(*index).data_type())?));
    }
    if list.is_empty() {
        list.push("0 AS \"nothing\"".into());
    }
    Ok(list.join(", "))
}
