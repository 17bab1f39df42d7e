//! Rows that come with the query: a client's own data, and tables made while lowering.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatchOptions;
use datafusion::catalog::{MemTable, TableProvider};
use floe_base::error::quoted;
use floe_base::{Error, Origin, Result};
use floe_functions::cast::cast;
use floe_syntax::DataType as SparkType;
use floe_syntax::expression::CastMode;

use crate::resolver::Resolver;
use crate::rows::{Output, Rows};
use crate::scope::{Column, label};

impl Resolver<'_> {
    /// A client's batches; `schema` says how it wants them named and typed.
    pub(crate) fn local(
        &self,
        schema: Option<&SparkType>,
        arrow_schema: &SchemaRef,
        batches: &[RecordBatch],
        origin: &Origin,
    ) -> Result<Rows> {
        let columns: Vec<Column> =
            arrow_schema.fields().iter().map(|field| Column::new(self.fresh(), inside(field))).collect();
        let mut read = Vec::with_capacity(batches.len());
        for batch in batches {
            let arrays = batch.columns().iter().zip(&columns).map(|(array, column)| as_inside(array, column));
            read.push((arrays.collect::<Result<Vec<_>>>()?, batch.num_rows()));
        }
        let rows = self.memory(columns, read)?;
        match schema {
            None => Ok(rows),
            Some(SparkType::Struct(fields)) => self.as_declared(rows, fields, origin),
            Some(single) => self.as_declared(rows, &[floe_syntax::Field::new("value", single.clone(), true)], origin),
        }
    }

    /// The rows under the client's names and types.
    fn as_declared(&self, rows: Rows, fields: &[floe_syntax::Field], origin: &Origin) -> Result<Rows> {
        let shown: Vec<Column> = rows.scope.shown().cloned().collect();
        if shown.len() != fields.len() {
            return Err(Error::analysis("ASSIGNMENT_ARITY_MISMATCH")
                .with("numExpr", fields.len().to_string())
                .with("numTarget", shown.len().to_string())
                .at(origin));
        }
        let mut outputs = Vec::with_capacity(fields.len());
        for (column, field) in shown.iter().zip(fields) {
            let to = field.to_arrow();
            let value = cast(column.typed(), to.data_type(), CastMode::Session, self.context, origin)?;
            outputs.push(Output { value, column: Column::new(self.fresh(), to) });
        }
        rows.project_closed(outputs)
    }

    /// A table of these columns, held in memory; each batch is its arrays and its number of rows.
    pub(crate) fn memory(&self, columns: Vec<Column>, batches: Vec<(Vec<ArrayRef>, usize)>) -> Result<Rows> {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(label(column.id), column.field.data_type().clone(), column.field.is_nullable()))
            .collect();
        let schema = Arc::new(Schema::new(fields));
        let batch = |(arrays, rows): (Vec<ArrayRef>, usize)| {
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            Ok(RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?)
        };
        let batches = batches.into_iter().map(batch).collect::<Result<Vec<_>>>()?;
        let provider: Arc<dyn TableProvider> = Arc::new(MemTable::try_new(schema.clone(), vec![batches])?);
        let scanned = columns.iter().map(|column| column.clone().with_name(&label(column.id))).collect();
        let rows = self.scan_provider(&provider, scanned)?;
        Ok(rows.with_scope(crate::scope::Scope::new(columns)))
    }
}

/// A field with the type it has inside the engine.
fn inside(field: &Field) -> Field {
    let spark = floe_syntax::Field::from_arrow(field);
    let made = spark.to_arrow();
    let mut metadata = field.metadata().clone();
    metadata.extend(made.metadata().clone());
    made.with_metadata(metadata)
}

fn as_inside(array: &ArrayRef, column: &Column) -> Result<ArrayRef> {
    let to = column.field.data_type();
    if array.data_type() == to {
        return Ok(array.clone());
    }
    arrow::compute::cast(array, to).map_err(|error| {
        Error::message(
            floe_base::Kind::InvalidPlan,
            format!("column {} cannot be read as {}: {error}", quoted(&[column.name()]), to),
        )
    })
}
