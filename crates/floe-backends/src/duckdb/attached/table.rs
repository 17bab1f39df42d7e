//! A table of an attached file. In a plan of DuckDB's it is a name; in one of DataFusion's it is a query whose rows stream,
//! with the columns and conditions that are wanted.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, DataFusionError, Result as EngineResult, Statistics};
use datafusion::datasource::{TableType, provider_as_source};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use floe_base::{Error, Result};
use floe_functions::condition::raises;
use floe_sql::write::Refused;
use futures::StreamExt;

use super::super::execute::{Rows, Stopped, started};
use super::super::scan::{Source, renamed};
use super::super::statement::{Purpose, Statement};
use super::super::types::quote;
use super::Attached;

/// What the table is called in a plan over it alone.
const SCAN: &str = "rows";

/// See the module's text.
#[derive(Clone, Debug)]
pub(in crate::duckdb) struct AttachedTable {
    file: Attached,
    /// Its name in DuckDB, whole and quoted.
    whole: String,
    schema: SchemaRef,
    rows: Option<u64>,
}

impl AttachedTable {
    pub(super) fn new(file: Attached, whole: String, schema: SchemaRef, rows: Option<u64>) -> Self {
        Self { file, whole, schema, rows }
    }

    /// What tells its rows from those of other tables.
    pub(in crate::duckdb) fn rows(&self) -> String {
        self.whole.clone()
    }

    /// A query over the table that gives these of its columns under these names, with Spark's types.
    pub(in crate::duckdb) fn query(
        &self,
        schema: &DFSchema,
        columns: &[(usize, String)],
    ) -> std::result::Result<String, Refused> {
        let list = renamed(schema, |index| quote(schema.field(index).name()), columns)?;
        Ok(format!("SELECT {list} FROM {}", self.whole))
    }

    /// The plan that gives these columns of the rows that meet the conditions.
    fn plan(&self, columns: Option<&[usize]>, conditions: &[Expr]) -> Result<LogicalPlan> {
        let source = provider_as_source(Arc::new(self.clone()));
        let mut plan = LogicalPlanBuilder::scan(SCAN, source, None)?;
        if let Some(condition) = conditions.iter().cloned().reduce(Expr::and) {
            plan = plan.filter(over_scan(condition)?)?;
        }
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let named = |index: &usize| {
            let field = self.schema.fields().get(*index)?;
            Some(Expr::Column(Column::new(Some(SCAN), field.name())).alias(format!("#{index}")))
        };
        Ok(plan.project(columns.unwrap_or(&all).iter().filter_map(named))?.build()?)
    }

    fn statement(&self, plan: &LogicalPlan) -> std::result::Result<Statement, Refused> {
        let sources = HashMap::from([(SCAN.to_string(), Source::Attached(self.clone()))]);
        Statement::write(plan, &self.file.database, &sources, &HashMap::new(), Purpose::Run)
    }

    /// Whether DuckDB judges the condition itself, as we would.
    fn takes(&self, condition: &Expr) -> bool {
        if condition.is_volatile() || raises(condition) {
            return false;
        }
        let plan = self.plan(Some(&[]), std::slice::from_ref(condition));
        let written = plan.ok().and_then(|plan| self.statement(&plan).ok());
        written.is_some_and(|statement| !statement.opened.calls_back())
    }

    fn started(&self, plan: &LogicalPlan) -> Result<Rows> {
        let statement = self.statement(plan);
        let statement = statement.map_err(|refused| Error::unsupported(format!("{refused} on DuckDB")))?;
        let types: Vec<DataType> = plan.schema().fields().iter().map(|field| field.data_type().clone()).collect();
        started(statement, types, &self.file.threads)
    }
}

/// The condition with its columns named as in [`AttachedTable::plan`].
fn over_scan(condition: Expr) -> Result<Expr> {
    let named = condition.transform(|node| {
        Ok(match node {
            Expr::Column(column) => Transformed::yes(Expr::Column(Column::new(Some(SCAN), column.name))),
            other => Transformed::no(other),
        })
    });
    Ok(named?.data)
}

#[async_trait]
impl TableProvider for AttachedTable {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        let rows = usize::try_from(self.rows?).ok()?;
        let unknown = Statistics::new_unknown(&self.schema);
        Some(Statistics { num_rows: datafusion::common::stats::Precision::Inexact(rows), ..unknown })
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        let judged = |filter: &&Expr| match self.takes(filter) {
            true => TableProviderFilterPushDown::Inexact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(judged).collect())
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let plan = self.plan(projection.map(Vec::as_slice), filters)?;
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => self.schema.clone(),
        };
        let scan = Arc::new(Scan { table: self.clone(), plan, schema: schema.clone() });
        Ok(Arc::new(StreamingTableExec::try_new(schema, vec![scan], None, [], false, limit)?))
    }
}

/// One scan, as DataFusion starts it.
struct Scan {
    table: AttachedTable,
    plan: LogicalPlan,
    schema: SchemaRef,
}

impl fmt::Debug for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DuckDB {}", self.table.whole)
    }
}

impl PartitionStream for Scan {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let schema = self.schema.clone();
        let named = move |batch: std::result::Result<RecordBatch, Stopped>| -> EngineResult<RecordBatch> {
            let batch = batch.map_err(|stopped| DataFusionError::from(stopped.into_error()))?;
            let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(schema.clone(), batch.columns().to_vec(), &options)?)
        };
        let rows = match self.table.started(&self.plan) {
            Ok(rows) => rows.map(named).boxed(),
            Err(error) => futures::stream::iter([Err(DataFusionError::from(error))]).boxed(),
        };
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), rows))
    }
}
