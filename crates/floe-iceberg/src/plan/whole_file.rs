//! Whether a filter takes every row of a file, none, or some.
//!
//! Decided by the values of identity partitions where the filter speaks of nothing else, else by column bounds: a filter whose
//! negation no row can meet takes them all. Rows where the filter is null are not taken, so bounds decide only for columns
//! without nulls.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef as ArrowSchemaRef;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::collect_columns;
use floe_base::{Error, Result};
use iceberg::spec::{SchemaRef, TableMetadata, Transform, Type};

use super::prune::{FilePruner, physical};
use crate::arrow_schema::engine_schema;
use crate::manifest::FileEntry;
use crate::value::scalar;

/// How much of a file a filter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    All,
    Some,
    None,
}

/// A filter, ready to be asked.
pub struct WholeFile {
    metadata: TableMetadata,
    schema: SchemaRef,
    engine: ArrowSchemaRef,
    filter: Option<Arc<dyn PhysicalExpr>>,
    may_match: FilePruner,
    may_differ: FilePruner,
}

impl WholeFile {
    /// `filters` are joined by AND and name the table's current columns.
    pub fn new(metadata: &TableMetadata, filters: &[Expr]) -> Result<Self> {
        let schema = Arc::clone(metadata.current_schema());
        let engine = engine_schema(&schema);
        let negated: Vec<Expr> =
            conjunction(filters.iter().cloned()).map(|all| Expr::Not(Box::new(all))).into_iter().collect();
        Ok(Self {
            filter: physical(&engine, filters)?,
            may_match: FilePruner::new(metadata, &schema, filters)?,
            may_differ: FilePruner::new(metadata, &schema, &negated)?,
            metadata: metadata.clone(),
            schema,
            engine,
        })
    }

    pub fn decide(&self, entry: &Arc<FileEntry>) -> Result<Decision> {
        let Some(filter) = &self.filter else { return Ok(Decision::All) };
        if let Some(taken) = self.by_partition(filter, entry)? {
            return Ok(if taken { Decision::All } else { Decision::None });
        }
        if self.may_match.prune(vec![Arc::clone(entry)])?.is_empty() {
            return Ok(Decision::None);
        }
        if self.without_nulls(filter, entry) && self.may_differ.prune(vec![Arc::clone(entry)])?.is_empty() {
            return Ok(Decision::All);
        }
        Ok(Decision::Some)
    }

    /// The filter's value for the whole file, when it speaks of identity partition columns alone.
    fn by_partition(&self, filter: &Arc<dyn PhysicalExpr>, entry: &FileEntry) -> Result<Option<bool>> {
        let mut row: Vec<ScalarValue> = self
            .engine
            .fields()
            .iter()
            .map(|field| ScalarValue::try_from(field.data_type()))
            .collect::<Result<_, _>>()?;
        for column in collect_columns(filter) {
            let Some(value) = self.partition_value(column.name(), entry)? else { return Ok(None) };
            if let Some(slot) = row.get_mut(column.index()) {
                *slot = value;
            }
        }
        let arrays = row.iter().map(ScalarValue::to_array).collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        // Columns the filter does not name stay null here, whatever the schema says of them.
        let nullable: arrow_schema::Fields =
            self.engine.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
        let batch = RecordBatch::try_new_with_options(Arc::new(arrow_schema::Schema::new(nullable)), arrays, &options)?;
        let value = filter.evaluate(&batch)?.into_array(1)?;
        let Some(value) = value.as_boolean_opt() else {
            return Err(Error::internal("a filter is not boolean"));
        };
        Ok(Some(value.is_valid(0) && value.value(0)))
    }

    fn partition_value(&self, column: &str, entry: &FileEntry) -> Result<Option<ScalarValue>> {
        let Some(field) = self.schema.as_struct().fields().iter().find(|field| field.name == column) else {
            return Ok(None);
        };
        let Some(spec) = self.metadata.partition_spec_by_id(entry.spec_id) else { return Ok(None) };
        let mut parts = spec.fields().iter();
        let Some(position) = parts.position(|part| part.source_id == field.id && part.transform == Transform::Identity)
        else {
            return Ok(None);
        };
        let Type::Primitive(of) = field.field_type.as_ref() else { return Ok(None) };
        match entry.file.partition().fields().get(position) {
            Some(Some(literal)) => match literal.as_primitive_literal() {
                Some(literal) => Ok(Some(scalar(&literal, of)?)),
                None => Ok(None),
            },
            Some(None) => {
                let engine = crate::arrow_schema::engine_field(field);
                Ok(Some(ScalarValue::try_from(engine.data_type())?))
            }
            None => Ok(None),
        }
    }

    fn without_nulls(&self, filter: &Arc<dyn PhysicalExpr>, entry: &FileEntry) -> bool {
        collect_columns(filter).iter().all(|column| {
            let field = self.schema.as_struct().fields().iter().find(|field| field.name == column.name());
            field.is_some_and(|field| field.required || entry.file.null_value_counts().get(&field.id) == Some(&0))
        })
    }
}
