//! Kept rows in a plan that is only told of, by `EXPLAIN`: a scan that knows how many there are and cannot be run.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result as DataFusionResult, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties};
use floe_catalog::Table;

/// A table of these columns; `rows` of `None`: they are not computed yet.
pub(crate) fn unread(schema: SchemaRef, rows: Option<u64>) -> Table {
    let statistics = floe_catalog::Statistics { rows, bytes: None };
    Table::at_hand(Arc::new(Unread { schema, rows }), statistics, "memory")
}

#[derive(Debug)]
struct Unread {
    schema: SchemaRef,
    rows: Option<u64>,
}

#[async_trait]
impl TableProvider for Unread {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => self.schema.clone(),
        };
        Ok(Arc::new(InMemoryTableScan::new(schema, self.rows)))
    }
}

/// Named as Spark names it.
#[derive(Debug)]
struct InMemoryTableScan {
    rows: Option<u64>,
    properties: Arc<PlanProperties>,
}

impl InMemoryTableScan {
    fn new(schema: SchemaRef, rows: Option<u64>) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { rows, properties: Arc::new(properties) }
    }
}

impl DisplayAs for InMemoryTableScan {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        write!(f, "InMemoryTableScan [{}], ", names.join(", "))?;
        match self.rows {
            Some(rows) => write!(f, "rows={rows}"),
            None => write!(f, "not computed yet"),
        }
    }
}

impl ExecutionPlan for InMemoryTableScan {
    fn name(&self) -> &'static str {
        "InMemoryTableScan"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, _partition: usize, _context: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        internal_err!("a plan that was made to be told of was run")
    }

    fn partition_statistics(&self, _partition: Option<usize>) -> DataFusionResult<Statistics> {
        let unknown = Statistics::new_unknown(&self.schema());
        let rows = self.rows.and_then(|rows| usize::try_from(rows).ok());
        Ok(Statistics { num_rows: rows.map_or(Precision::Absent, Precision::Exact), ..unknown })
    }
}
