//! Which partition each row belongs to.
//!
//! A batch becomes one smaller batch per partition tuple, the tuples computed by the spec's transforms.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, RecordBatch, StructArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::row::{RowConverter, SortField};
use floe_base::{Error, Result};
use iceberg::spec::{PartitionSpecRef, PrimitiveType, Schema, Struct, Transform, Type};
use iceberg::transform::{BoxedTransformFunction, create_transform_function};

use crate::error::Lift;
use crate::value::literal;

/// One partition field, ready to compute.
struct Part {
    /// Indexes from the batch down to the source column; more than one step for a field inside structs.
    path: Vec<usize>,
    function: BoxedTransformFunction,
    result: PrimitiveType,
}

/// Splits batches of the table's file schema by partition.
pub(super) struct Splitter {
    parts: Vec<Part>,
}

impl Splitter {
    pub(super) fn new(spec: &PartitionSpecRef, schema: &Schema) -> Result<Self> {
        let mut parts = Vec::new();
        for field in spec.fields() {
            let source = schema
                .field_by_id(field.source_id)
                .ok_or_else(|| Error::internal(format!("partition field `{}` has no source column", field.name)))?;
            let result = match field.transform.result_type(&source.field_type).lift()? {
                Type::Primitive(primitive) => primitive,
                other => return Err(Error::internal(format!("partition field of type {other}"))),
            };
            let path = path_to(schema, field.source_id)
                .ok_or_else(|| Error::unsupported("a partition field inside a list or map"))?;
            if matches!(field.transform, Transform::Unknown) {
                return Err(Error::unsupported(format!("the transform of partition field `{}`", field.name)));
            }
            parts.push(Part { path, function: create_transform_function(&field.transform).lift()?, result });
        }
        Ok(Self { parts })
    }

    /// The batch's rows by partition tuple, in the order in which the tuples first appear.
    pub(super) fn split(&self, batch: &RecordBatch) -> Result<Vec<(Struct, RecordBatch)>> {
        if self.parts.is_empty() {
            return Ok(vec![(Struct::empty(), batch.clone())]);
        }
        let columns = self.columns(batch)?;
        let groups = group_rows(&columns)?;
        let mut split = Vec::with_capacity(groups.len());
        for rows in groups {
            let first = rows.first().copied().unwrap_or_default() as usize;
            let tuple = self.tuple(&columns, first)?;
            let part = match rows.len() == batch.num_rows() {
                true => batch.clone(),
                false => take_record_batch(batch, &UInt32Array::from(rows))?,
            };
            split.push((tuple, part));
        }
        Ok(split)
    }

    fn columns(&self, batch: &RecordBatch) -> Result<Vec<ArrayRef>> {
        self.parts.iter().map(|part| part.function.transform(column_at(batch, &part.path)?).lift()).collect()
    }

    fn tuple(&self, columns: &[ArrayRef], row: usize) -> Result<Struct> {
        let mut values = Vec::with_capacity(columns.len());
        for (part, column) in self.parts.iter().zip(columns) {
            values.push(literal(column, row, &part.result)?);
        }
        Ok(Struct::from_iter(values))
    }
}

/// Row numbers by equal values, groups in order of first appearance.
fn group_rows(columns: &[ArrayRef]) -> Result<Vec<Vec<u32>>> {
    let sort_fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
    let converter = RowConverter::new(sort_fields)?;
    let rows = converter.convert_columns(columns)?;
    let mut seen: HashMap<arrow::row::Row<'_>, usize> = HashMap::new();
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let group = *seen.entry(row).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        let number = u32::try_from(number).map_err(|_| Error::internal("a batch of more than 2^32 rows"))?;
        if let Some(members) = groups.get_mut(group) {
            members.push(number);
        }
    }
    Ok(groups)
}

fn column_at(batch: &RecordBatch, path: &[usize]) -> Result<ArrayRef> {
    let mut steps = path.iter();
    let gone = || Error::internal("a partition's source column is not in the batch");
    let mut column = steps.next().and_then(|index| batch.columns().get(*index)).cloned().ok_or_else(gone)?;
    for index in steps {
        let parent = column.as_any().downcast_ref::<StructArray>().ok_or_else(gone)?;
        let child = parent.columns().get(*index).cloned().ok_or_else(gone)?;
        // A null struct makes its fields null.
        column = match parent.nulls() {
            Some(nulls) => arrow::compute::nullif(&child, &arrow::array::BooleanArray::new(!nulls.inner(), None))?,
            None => child,
        };
    }
    Ok(column)
}

/// Indexes of the steps from the schema's root down to a field.
fn path_to(schema: &Schema, id: i32) -> Option<Vec<usize>> {
    fn walk(fields: &[iceberg::spec::NestedFieldRef], id: i32) -> Option<Vec<usize>> {
        for (index, field) in fields.iter().enumerate() {
            if field.id == id {
                return Some(vec![index]);
            }
            if let Type::Struct(inner) = field.field_type.as_ref()
                && let Some(mut rest) = walk(inner.fields(), id)
            {
                rest.insert(0, index);
                return Some(rest);
            }
        }
        None
    }
    walk(schema.as_struct().fields(), id)
}
