//! Tables whose rows DataFusion reads: a table function of DuckDB's that hands them on.
//!
//! `floe_rows(17)`: 17 is the number of the open table. The scan starts when DuckDB does, with the columns it wants.

#![expect(unsafe_code, reason = "the crate gives what was registered with a function as a bare pointer")]

use std::collections::HashMap;
use std::error::Error as AnyError;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use duckdb::Connection;
use duckdb::core::{DataChunkHandle, LogicalTypeHandle, LogicalTypeId};
use duckdb::vtab::arrow::{record_batch_to_duckdb_data_chunk, to_duckdb_logical_type};
use duckdb::vtab::{BindInfo, InitInfo, TableFunctionInfo, VTab};
use floe_base::{Error, Result};
use floe_sql::write::Refused;
use futures::StreamExt;
use futures::executor::block_on;
use parking_lot::{Mutex, RwLock};

use super::super::config::VECTOR_ROWS;
use super::super::conform::conform;
use super::super::statement::Opened;
use super::super::types;
use super::renamed;
use crate::Batches;
use crate::datafusion::DataFusion;

/// The table function's name in SQL.
pub(crate) const FUNCTION: &str = "floe_rows";

/// The tables that are open for queries, by number.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    next: AtomicI64,
    open: RwLock<HashMap<i64, Streamed>>,
}

impl Streams {
    /// Makes the tables reachable from queries.
    pub(crate) fn register(self: &Arc<Self>, connection: &Connection) -> Result<()> {
        connection
            .register_table_function_with_extra_info::<Rows, Arc<Streams>>(FUNCTION, self)
            .map_err(|error| Error::internal(format!("DuckDB does not take a table function: {error}")))
    }

    pub(crate) fn open(&self, table: Streamed) -> i64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.open.write().insert(number, table);
        number
    }

    pub(crate) fn close(&self, number: i64) {
        self.open.write().remove(&number);
    }
}

/// A table that DataFusion scans.
#[derive(Clone, Debug)]
pub(crate) struct Streamed {
    provider: Arc<dyn TableProvider>,
    /// The columns with the types that stand for theirs in DuckDB, named by their places.
    carried: Option<SchemaRef>,
    /// What rows have to meet to be of use.
    conditions: Vec<Expr>,
    datafusion: Arc<DataFusion>,
}

impl Streamed {
    pub(crate) fn new(provider: Arc<dyn TableProvider>, datafusion: &Arc<DataFusion>) -> Self {
        let field = |(index, field): (usize, &Arc<Field>)| {
            Some(Field::new(index.to_string(), types::carried(&plain(field.data_type()))?, true))
        };
        let schema = provider.schema();
        let fields: Option<Vec<Field>> = schema.fields().iter().enumerate().map(field).collect();
        let carried = fields.map(|fields| Arc::new(Schema::new(fields)));
        Self { provider, carried, conditions: Vec::new(), datafusion: datafusion.clone() }
    }

    pub(super) fn with_conditions(self, conditions: Vec<Expr>) -> Self {
        Self { conditions, ..self }
    }

    pub(super) fn query(
        &self,
        schema: &DFSchema,
        columns: &[(usize, String)],
        opened: &mut Opened,
    ) -> Result<String, Refused> {
        if self.carried.is_none() {
            let odd = schema.fields().iter().find(|field| types::carried(&plain(field.data_type())).is_none());
            let odd = odd.map(|field| field.data_type().to_string()).unwrap_or_default();
            return Err(Refused::new(format!("type {odd}")));
        }
        let list = renamed(schema, |index| format!("\"{index}\""), columns)?;
        Ok(format!("SELECT {list} FROM {FUNCTION}({})", opened.stream(self.clone())))
    }

    fn schema(&self) -> Result<&SchemaRef, Box<dyn AnyError>> {
        self.carried.as_ref().ok_or_else(|| "a table with columns that DuckDB has no types for".into())
    }

    /// The rows with only these columns, as DataFusion reads them.
    fn rows(&self, columns: &[usize]) -> Result<Batches> {
        let source = provider_as_source(self.provider.clone());
        let schema = self.provider.schema();
        let read = |index: &usize| Some(Expr::Column(Column::new(Some("rows"), schema.fields().get(*index)?.name())));
        let mut plan = LogicalPlanBuilder::scan("rows", source, None)?;
        if let Some(condition) = self.conditions.iter().cloned().reduce(Expr::and) {
            plan = plan.filter(condition)?;
        }
        let plan = plan.project(columns.iter().filter_map(read))?.build()?;
        block_on(self.datafusion.rows(plan))
    }
}

/// Texts and bytes in the forms that readers give them.
fn plain(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        other => other.clone(),
    }
}

/// The table function.
struct Rows;

/// One scan of it while it runs.
pub(crate) struct Scanning {
    /// For each column DuckDB takes, its place in the batches and its type; `None`: one that means nothing.
    outputs: Vec<Option<(usize, DataType)>>,
    state: Mutex<State>,
}

struct State {
    batches: Batches,
    /// What is left of the last batch.
    rest: Option<RecordBatch>,
}

impl VTab for Rows {
    type InitData = Scanning;
    type BindData = Streamed;

    fn bind(bind: &BindInfo) -> Result<Self::BindData, Box<dyn AnyError>> {
        let number = bind.get_parameter(0).to_int64();
        // SAFETY: the function was registered with this type, and DuckDB keeps it as long as the function.
        let streams = unsafe { &*bind.get_extra_info::<Arc<Streams>>() };
        let table = streams.open.read().get(&number).cloned().ok_or("no table of this number is open")?;
        let schema = table.schema()?;
        if schema.fields().is_empty() {
            bind.add_result_column("nothing", LogicalTypeHandle::from(LogicalTypeId::Bigint));
        }
        for field in schema.fields() {
            bind.add_result_column(field.name(), to_duckdb_logical_type(field.data_type())?);
        }
        if let Some(rows) = table.provider.statistics().and_then(|known| known.num_rows.get_value().copied()) {
            bind.set_cardinality(rows as u64, false);
        }
        Ok(table)
    }

    fn init(init: &InitInfo) -> Result<Self::InitData, Box<dyn AnyError>> {
        // SAFETY: DuckDB keeps what `bind` gave until the query ends.
        let table = unsafe { &*init.get_bind_data::<Streamed>() };
        let schema = table.schema()?;
        let (mut columns, mut outputs) = (Vec::new(), Vec::new());
        for index in init.get_column_indices() {
            let known = usize::try_from(index).ok().and_then(|index| Some((index, schema.fields().get(index)?)));
            outputs.push(known.map(|(index, field)| {
                let place = columns.iter().position(|column| *column == index).unwrap_or_else(|| {
                    columns.push(index);
                    columns.len() - 1
                });
                (place, field.data_type().clone())
            }));
        }
        let batches = table.rows(&columns)?;
        Ok(Scanning { outputs, state: Mutex::new(State { batches, rest: None }) })
    }

    fn func(info: &TableFunctionInfo<Self>, output: &mut DataChunkHandle) -> Result<(), Box<dyn AnyError>> {
        let scanning = info.get_init_data();
        let Some(rows) = scanning.state.lock().next()? else {
            output.set_len(0);
            return Ok(());
        };
        let count = rows.num_rows();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(scanning.outputs.len());
        for wanted in &scanning.outputs {
            columns.push(match wanted {
                Some((place, data_type)) => conform(rows.column(*place), data_type)?,
                None => Arc::new(Int64Array::from(vec![0; count])),
            });
        }
        if columns.is_empty() {
            output.set_len(count);
            return Ok(());
        }
        let fields = columns.iter().map(|column| Field::new("", column.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let rows = RecordBatch::try_new_with_options(schema, columns, &options)?;
        record_batch_to_duckdb_data_chunk(&rows, output)
    }

    fn supports_pushdown() -> bool {
        true
    }

    fn parameters() -> Option<Vec<LogicalTypeHandle>> {
        Some(vec![LogicalTypeHandle::from(LogicalTypeId::Bigint)])
    }
}

impl State {
    /// The next rows, at most as many as DuckDB takes; `None` at the end.
    fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            let batch = match self.rest.take() {
                Some(rest) => rest,
                None => match block_on(self.batches.next()) {
                    Some(batch) => batch?,
                    None => return Ok(None),
                },
            };
            if batch.num_rows() > VECTOR_ROWS {
                self.rest = Some(batch.slice(VECTOR_ROWS, batch.num_rows() - VECTOR_ROWS));
                return Ok(Some(batch.slice(0, VECTOR_ROWS)));
            }
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
    }
}
