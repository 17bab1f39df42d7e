//! A client's own data: Arrow, in the message or uploaded beforehand and named by its hash.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_ipc::reader::StreamReader;
use bytes::Bytes;
use floe_base::{Error, Result};
use floe_proto::connect as proto;
use floe_syntax::{DataType, Field, RelationKind};
use prost::Message;

use super::{Scope, invalid, text};

pub(super) fn inline(relation: proto::LocalRelation) -> Result<RelationKind> {
    build(relation.schema.as_deref(), relation.data.as_slice())
}

/// Clients 3.5 and 4.0 upload a whole `LocalRelation`, encoded.
pub(super) fn cached(scope: &Scope<'_>, cached: &proto::CachedLocalRelation) -> Result<RelationKind> {
    let bytes = scope
        .artifacts
        .cached(&cached.hash)
        .ok_or_else(|| invalid(format!("Cannot find a cached local relation for hash: {}", cached.hash)))?;
    let relation =
        proto::LocalRelation::decode(bytes).map_err(|_| invalid("the uploaded local relation cannot be read"))?;
    inline(relation)
}

/// Clients from 4.1 upload the schema and the data apart, the data as several Arrow streams.
pub(super) fn chunked(scope: &Scope<'_>, chunked: &proto::ChunkedCachedLocalRelation) -> Result<RelationKind> {
    let schema = match chunked.schema_hash.as_deref() {
        None | Some("") => None,
        Some(hash) => Some(String::from_utf8_lossy(&uploaded(scope, hash)?).into_owned()),
    };
    let data = chunked.data_hashes.iter().map(|hash| uploaded(scope, hash)).collect::<Result<Vec<_>>>()?;
    build(schema.as_deref(), &data)
}

fn uploaded(scope: &Scope<'_>, hash: &str) -> Result<Bytes> {
    scope.artifacts.cached(hash).ok_or_else(|| {
        let session = scope.artifacts.session();
        invalid(format!(
            "Not found chunked cached local relation block with the hash: {hash} in the session with sessionUUID {session}."
        ))
    })
}

fn build(schema: Option<&str>, data: &[Bytes]) -> Result<RelationKind> {
    let schema = match schema {
        None | Some("") => None,
        Some(schema) => Some(text::schema_of_text(schema)?),
    };
    let mut arrow_schema: Option<SchemaRef> = None;
    let mut batches = Vec::new();
    for stream in data {
        let own = read(stream, &mut batches)?;
        arrow_schema.get_or_insert(own);
    }
    let arrow_schema = match (arrow_schema, &schema) {
        (Some(own), _) => own,
        (None, Some(DataType::Struct(fields))) => {
            Arc::new(Schema::new(fields.iter().map(Field::to_arrow).collect::<Vec<_>>()))
        }
        (None, Some(single)) => Arc::new(Schema::new(vec![single.to_field("value", true)])),
        (None, None) => {
            return Err(invalid("Schema for LocalRelation is required when the input data is not provided."));
        }
    };
    Ok(RelationKind::Local { schema, arrow_schema, batches })
}

/// Reads one Arrow stream, in the types the engine uses inside.
fn read(stream: &Bytes, batches: &mut Vec<RecordBatch>) -> Result<SchemaRef> {
    let reader = StreamReader::try_new(stream.as_ref(), None).map_err(broken)?;
    let fields = reader.schema().fields().iter().map(|field| Field::from_arrow(field).to_arrow()).collect::<Vec<_>>();
    let schema = Arc::new(Schema::new(fields));
    for batch in reader {
        batches.push(inside(&batch.map_err(broken)?, &schema)?);
    }
    Ok(schema)
}

fn inside(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() {
            return Ok(column.clone());
        }
        cast(column, field.data_type()).map_err(broken)
    });
    let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(broken)
}

fn broken(error: arrow::error::ArrowError) -> Error {
    invalid(format!("the local relation's Arrow data cannot be read: {error}"))
}
